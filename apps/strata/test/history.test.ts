import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { countLines } from '../src/layers/births.ts'
import { newBond, pairsOf } from '../src/layers/co-changes.ts'
import { digestOf, encodeState } from '../src/layers/state-codec.ts'
import type { State } from '../src/layers/state.ts'
import { ownershipOf } from '../src/report/ownership.ts'
import { CLEAN, commit, emptyRepository, git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { birthDays, eachLine, stateOf } from './support/states.ts'

const DAY = 86_400

describe('the lines of a history', () => {
  it('are counted as git counts those of the last commit', async () => {
    const path = await madeRepository(400)
    const state = await stateOf(path)
    expect(linesOf(state)).toEqual(numstatOf(path))
    expect(state.files.size).toBeGreaterThan(30)
  })

  it('were born when `git blame --first-parent` says, each single one', async () => {
    const path = await madeRepository(400, 2)
    const state = await stateOf(path)
    let lines = 0
    for (const [file, known] of state.files) {
      if (countLines(known.births) === 0) continue
      const blamed = blameOf(path, file)
      expect(birthDays(known), file).toEqual(blamed)
      lines += blamed.length
    }
    expect(lines).toBeGreaterThan(1000)
    expect(
      new Set([...state.files.values()].flatMap((file) => birthDays(file))).size,
    ).toBeGreaterThan(50)
  })

  it('count a merge as its difference from its first parent', async () => {
    const path = await emptyRepository()
    const [base] = commit(path, [{ files: { f: 'one\n' }, at: 1 * DAY }])
    const [side] = commit(path, [
      { files: { g: 'side\n' }, at: 2 * DAY, branch: 'side', from: base },
    ])
    commit(path, [{ files: { g: 'side\n' }, at: 3 * DAY, from: base, merge: side }])
    const state = await stateOf(path)
    expect(state.position).toBe(2)
    expect(birthDays(state.files.get('g'))).toEqual([3])
  })
})

describe('the authors of a history', () => {
  it('wrote the lines that `git blame --line-porcelain` says, each single one', async () => {
    const path = await madeRepository(400, 3)
    const state = await stateOf(path)
    const emails = Array.from(state.authors.values(), ({ email }) => email)
    const blamedIn = new Map<string, Map<string, number>>()
    for (const [file, { births }] of state.files) {
      if (countLines(births) === 0) continue
      const blamed = blamedAuthors(path, file)
      expect(eachLine(births).map(({ author }) => emails[author])).toEqual(blamed)
      const directory = file.split('/').slice(0, -1).slice(0, 2).join('/')
      const counts = blamedIn.get(directory) ?? new Map<string, number>()
      for (const email of blamed) counts.set(email, (counts.get(email) ?? 0) + 1)
      blamedIn.set(directory, counts)
    }
    const told = ownershipOf(state).map(({ directory, owners }) => {
      return [directory, new Map(owners.map(({ email, lines }) => [email, lines]))] as const
    })
    expect(new Map(told)).toEqual(blamedIn)
    expect(emails).toHaveLength(5)
  })

  it('are one by their address in any case, and by their name without one', async () => {
    const path = await emptyRepository()
    const mailmap = 'Another <another@example.com> <ada@example.com>\n'
    commit(path, [
      { files: { a: '1\n', '.mailmap': mailmap }, author: 'Ada <Ada@Example.com>' },
      { files: { a: '1\n2\n' }, author: 'A. <ada@example.COM>' },
      { files: { a: '1\n2\n3\n' }, author: 'Ada <>' },
      { files: { a: '1\n2\n3\n4\n' }, author: 'Ben <>' },
      { files: { a: '1\n2\n3\n4\n5\n' }, author: '\u00c3\u0089 <\u00c3\u0089@X>' },
    ])
    const state = await stateOf(path)
    const lines = eachLine(state.files.get('a')?.births ?? new Int32Array())
    expect(lines.map(({ author }) => author)).toEqual([0, 0, 1, 2, 3])
    expect(Array.from(state.authors.values(), ({ name, email }) => [name, email])).toEqual([
      ['Ada', 'ada@example.com'],
      ['Ada', ''],
      ['Ben', ''],
      ['\u00c3\u0089', '\u00c3\u0089@x'],
    ])
  })

  it.each([
    ['ISO-8859-1', 'Caf\u00e9', 'Caf\u00c3\u00a9'],
    ['UTF-8', 'Caf\u00e9', 'Caf\u00e9'],
  ])('have names in UTF-8 if git can convert them, and not without end (%s)', async (...all) => {
    const [encoding, name, known] = all
    const path = await emptyRepository()
    const [tip] = commit(path, [{ files: { a: '1\n' } }])
    const plain = git(path, ['cat-file', 'commit', tip ?? ''])
    const author = `author ${name} <${'e'.repeat(300)}<x> 1 +0000`
    const old = plain.replace(/^author .*$/mu, author)
    const encoded = old.replace('\n\n', `\nencoding ${encoding}\n\n`)
    const made = git(path, ['hash-object', '--literally', '-t', 'commit', '-w', '--stdin'], encoded)
    git(path, ['update-ref', 'refs/heads/main', made.trim()])
    const [first] = (await stateOf(path)).authors.values()
    expect(first).toEqual({ number: 0, name: known, email: 'e'.repeat(256) })
  })

  it('of a merge is who merged', async () => {
    const path = await emptyRepository()
    const [base] = commit(path, [{ files: { f: 'one\n' }, author: 'Ada <a@x>' }])
    const side = { files: { g: 'g\n' }, author: 'Ben <b@x>', branch: 'side', from: base }
    const [tip] = commit(path, [side])
    commit(path, [{ files: { g: 'g\n' }, author: 'Chiyo <c@x>', from: base, merge: tip }])
    const { authors } = await stateOf(path)
    expect([...authors.keys()]).toEqual(['a@x', 'c@x'])
  })
})

describe('files that change together', () => {
  it('stay bound when they move, and not when one is gone', async () => {
    const path = await emptyRepository()
    const text = (name: string, line: number): string =>
      Array.from({ length: 9 }, (_, i) => `${name} ${i === line ? 'changed' : i}\n`).join('')
    commit(path, [
      { files: { a: text('a', 0), b: text('b', 0), c: text('c', 0) } },
      { files: { a: text('a', 1), b: text('b', 1) } },
      { files: { a: undefined, 'new/a': text('a', 1), c: undefined } },
      { files: { b: text('b', 2), 'new/a': text('a', 2) } },
    ])
    expect(pairsOf((await stateOf(path)).coChanges)).toEqual([['b', 'new/a', newBond(3, 4)]])
  })
})

describe('what a commit can do to a path', () => {
  it('moving keeps births; moving and changing renews only what changed', async () => {
    const path = await emptyRepository()
    const text = Array.from({ length: 20 }, (_, i) => `line ${i}\n`)
    const moved = text.map((line, i) => (i === 3 ? 'another\n' : line)).join('')
    commit(path, [
      { files: { 'a/x': text.join(''), 'a/y': 'y1\ny2\n' }, at: DAY },
      {
        files: { 'a/x': undefined, 'b/x': moved, 'a/y': undefined, 'b/y': 'y1\ny2\n' },
        at: 2 * DAY,
      },
    ])
    const state = await stateOf(path)
    expect([...state.files.keys()].sort()).toEqual(['b/x', 'b/y'])
    expect(birthDays(state.files.get('b/x'))).toEqual(Array.from(text, (_, i) => (i === 3 ? 2 : 1)))
    expect(birthDays(state.files.get('b/y'))).toEqual([1, 1])
    expect(state.files.get('b/x')?.commits).toBe(2)
  })

  it('a binary file has no lines; one that becomes text has those it was given then', async () => {
    const path = await emptyRepository()
    commit(path, [
      { files: { a: 'x\0y\nz\n', b: 'text\n', c: 'x\0\n' }, at: DAY },
      { files: { a: 'now\ntext', b: 'bin\0ary\n', c: 'y\0\n' }, at: 2 * DAY },
    ])
    let state = await stateOf(path)
    expect(summary(state)).toEqual({ a: [2, 2], b: 'binary', c: 'binary' })
    commit(path, [{ files: { a: 'now\nmore\ntext' }, at: 3 * DAY }])
    state = await stateOf(path)
    expect(summary(state)).toEqual({ a: [2, 3, 2], b: 'binary', c: 'binary' })
    expect(linesOf(state)).toEqual(numstatOf(path))
  })

  it('links and submodules have no lines; a file that takes their place begins anew', async () => {
    const path = await emptyRepository()
    const link = { mode: '120000', content: 'target' }
    const submodule = { mode: '160000', content: 'ab'.repeat(20) }
    commit(path, [
      { files: { a: 'one\n', b: link, c: submodule, d: 'd\n' }, at: DAY },
      {
        files: { a: link, b: 'file\n', c: 'file\n', d: { mode: '100755', content: 'd\n' } },
        at: 2 * DAY,
      },
    ])
    const state = await stateOf(path)
    expect(summary(state)).toEqual({ b: [2], c: [2], d: [1] })
    expect(state.files.get('d')).toMatchObject({ commits: 2, churn: 0 })
  })

  it('empty files, files without a last line feed and deletions', async () => {
    const path = await emptyRepository()
    commit(path, [
      { files: { a: '', b: 'x', c: 'gone\n' }, at: DAY },
      { files: { a: 'first\n', b: 'x\n', c: undefined }, at: 2 * DAY },
      { files: {}, at: 3 * DAY },
    ])
    const state = await stateOf(path)
    expect(summary(state)).toEqual({ a: [2], b: [2] })
    expect(state.position).toBe(3)
  })

  it('paths may be any bytes', async () => {
    const path = await emptyRepository()
    const names = [
      'with space',
      ' lead',
      'a b/x y',
      'quo"te',
      'back\\slash',
      'new\nline',
      'tab\t',
      'ctrl\u0001',
      ':colon',
      'caf\u00c3\u00a9',
      '\u00ff\u00fe',
      'diff --git a',
      '@@ -1 +1 @@',
    ]
    const files = Object.fromEntries(names.map((name) => [name, 'one\ntwo\n']))
    const changed = Object.fromEntries(names.map((name) => [name, 'one\n2\n']))
    commit(path, [
      { files, at: DAY },
      { files: changed, at: 2 * DAY },
    ])
    const state = await stateOf(path)
    expect([...state.files.keys()].sort()).toEqual([...names].sort())
    for (const file of state.files.values()) expect(birthDays(file)).toEqual([1, 2])
  })

  it('content that looks like a patch is content', async () => {
    const path = await emptyRepository()
    const hostile = [
      'diff --git a/f b/f',
      '@@ -1,5 +1,5 @@',
      '--- a/f',
      '+++ b/f',
      '\\ No newline',
      '',
    ]
    const text = `${hostile.join('\n')}\n\u0001${'ab'.repeat(20)}`
    commit(path, [
      { files: { f: text }, at: DAY },
      { files: { f: `${text}\n${text}` }, at: 2 * DAY },
    ])
    const state = await stateOf(path)
    expect(countLines(state.files.get('f')?.births ?? new Int32Array())).toBe(14)
    expect(linesOf(state)).toEqual(numstatOf(path))
  })
})

describe('the digest', () => {
  it('does not depend on any configuration, attribute or variable around the objects', async () => {
    const path = join(await scratch(), 'work')
    git(await madeRepository(150), ['clone', '--quiet', '.', path])
    const before = digestOf(encodeState(await stateOf(path)))

    await writeFile(join(path, '.gitattributes'), '* -diff\n*.ts diff=shout\n')
    await writeFile(join(path, '.git/info/attributes'), '* binary\n')
    await writeFile(join(path, '.git/config'), HOSTILE_CONFIG, { flag: 'a' })
    const home = await scratch()
    await writeFile(join(home, '.gitconfig'), HOSTILE_CONFIG)
    await mkdir(join(home, '.config/git'), { recursive: true })
    await writeFile(join(home, '.config/git/attributes'), '* -diff\n')
    const head = git(path, ['rev-parse', 'HEAD']).trim()
    const old = git(path, ['rev-parse', 'HEAD~100']).trim()
    git(path, ['replace', `${head}~1`, old])
    const environment = {
      PATH: CLEAN['PATH'],
      HOME: home,
      LANG: 'de_DE.UTF-8',
      GIT_DIR: '/nonexistent',
      GIT_INDEX_FILE: '/nonexistent',
      GIT_EXTERNAL_DIFF: '/bin/false',
      GIT_DIFF_OPTS: '--unified=9',
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'diff.algorithm',
      GIT_CONFIG_VALUE_0: 'patience',
    }
    expect(digestOf(encodeState(await stateOf(path, environment)))).toBe(before)
  })

  it('leaves the repository as it is', async () => {
    const path = join(await scratch(), 'work')
    git(await madeRepository(40), ['clone', '--quiet', '.', path])
    const look = (): string => git(path, ['status', '--porcelain=v2', '--branch', '--ignored'])
    const before = look()
    await stateOf(path)
    expect(look()).toBe(before)
  })
})

const HOSTILE_CONFIG = `
[core]
  quotePath = false
  attributesFile = /nonexistent
[color]
  ui = always
[diff]
  algorithm = patience
  renames = copies
  noprefix = true
  mnemonicPrefix = true
  context = 7
  interHunkContext = 9
  indentHeuristic = false
  external = /bin/false
  orderFile = /nonexistent
  submodule = log
  suppressBlankEmpty = true
[diff "shout"]
  textconv = tr a-z A-Z <
  binary = true
[log]
  showSignature = true
  diffMerges = on
[format]
  pretty = fuller
`

/** The lines of each text file. */
function linesOf(state: State): Record<string, number> {
  const lines: Record<string, number> = {}
  for (const [path, { births, binary }] of state.files) {
    if (!binary) lines[path] = countLines(births)
  }
  return lines
}

/** What git counts in the last commit as a whole. */
function numstatOf(path: string): Record<string, number> {
  const empty = git(path, ['hash-object', '-t', 'tree', '/dev/null']).trim()
  const out = git(path, ['diff', '--numstat', '-z', empty, 'HEAD'])
  const lines: Record<string, number> = {}
  for (const entry of out.split('\0')) {
    const [added, , name] = entry.split('\t')
    if (name !== undefined && added !== '-') lines[name] = Number(added)
  }
  return lines
}

function blame(path: string, file: string): string {
  const args = ['blame', '--first-parent', '--root', '--line-porcelain', 'HEAD', '--', file]
  return git(path, args)
}

/** Who wrote each line. Content starts with a tab, so it cannot pass for a header. */
function blamedAuthors(path: string, file: string): string[] {
  const addresses = blame(path, file).matchAll(/^author-mail <(.*)>$/gmu)
  return Array.from(addresses, ([, email = '']) => email)
}

function blameOf(path: string, file: string): number[] {
  const times = blame(path, file).matchAll(/^committer-time (\d+)$/gmu)
  return Array.from(times, ([, seconds]) => Math.floor(Number(seconds) / DAY))
}

function summary(state: State): Record<string, number[] | 'binary'> {
  const paths = [...state.files.keys()].sort()
  return Object.fromEntries(
    paths.map((path) => {
      const file = state.files.get(path)
      return [path, file?.binary === true ? 'binary' : birthDays(file)]
    }),
  )
}
