import { unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PHASES } from '../src/phases.ts'
import { CLEAN, commit, emptyRepository, git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { inProcess, jsonIn, start, strata, type Ended } from './support/strata.ts'

const DIGEST = /[0-9a-f]{64}$/u

describe('strata run', () => {
  it('prints the report; its last line ends with the digest', async () => {
    const path = await madeRepository(120)
    const ended = await strata(['run', path])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('120 commits from 2017-03-06 to ')
    expect(ended.stdout).toContain('Strata: surviving lines by year of birth')
    expect(ended.stdout).toContain('Hotspots: churn × size')
    expect(ended.lines.at(-1)).toMatch(DIGEST)
    expect(ended.stdout).not.toContain('resumed')
  })

  it('keeps its place in the git directory, where git status does not see it', async () => {
    const path = join(await scratch(), 'work')
    git(await madeRepository(30), ['clone', '--quiet', '.', path])
    await strata(['run'], { cwd: path })
    expect(git(path, ['status', '--porcelain', '--ignored'])).toBe('')
    const again = await strata(['run'], { cwd: path })
    expect(again.lines[0]).toBe('resumed at commit 30 of 30')
  })

  it('keeps its place where --store says, and only there', async () => {
    const path = await madeRepository(30)
    const store = join(await scratch(), 'deep/store')
    await inProcess(['run', path, '--store', store])
    const [there, elsewhere] = [
      jsonIn(await inProcess(['run', path, '--json', '--store', store])),
      jsonIn(await inProcess(['run', path, '--json'])),
    ]
    expect([there.resumedFrom, elsewhere.resumedFrom]).toEqual([30, 0])
  })

  it('writes one JSON object with --json, and events as JSON lines beside it', async () => {
    const path = await madeRepository(60)
    const ended = await strata(['run', path, '--json', '--every', '25'])
    const result = jsonIn(ended)
    expect(ended.lines).toHaveLength(1)
    expect(result).toMatchObject({
      strata: 2,
      position: 60,
      total: 60,
      finished: true,
      resumedFrom: 0,
      commitsRead: 60,
      shallow: false,
      startedAgain: null,
      checkpointsSkipped: [],
      binaryFiles: 0,
      commit: git(path, ['rev-parse', 'HEAD']).trim(),
    })
    expect(result.digest).toMatch(DIGEST)
    const owned = result.ownership.map(({ lines }) => lines)
    expect(owned.reduce((sum, lines) => sum + lines, 0)).toBe(result.lines)
    for (const { lines, authors } of result.ownership) {
      const shares = authors.reduce((sum, { share }) => sum + share, 0)
      expect(shares).toBeCloseTo(1, 2)
      expect(authors.reduce((sum, author) => sum + author.lines, 0)).toBe(lines)
    }
    const events = ended.stderr
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(events[0]).toEqual({ kind: 'started', position: 0, total: 60 })
    expect(events).toContainEqual({ kind: 'saved', position: 50, total: 60, epoch: 2, pruned: [] })
    expect(events).toContainEqual({ kind: 'saved', position: 60, total: 60, epoch: 3, pruned: [] })
    const phases = PHASES.map((phase) => ({ kind: 'phase', phase, outcome: 'done' }))
    expect(events.filter((event) => isPhase(event))).toEqual(phases)
  })

  it('--fresh begins at the first commit', async () => {
    const path = await madeRepository(30)
    const first = jsonIn(await inProcess(['run', path, '--json']))
    const second = jsonIn(await inProcess(['run', path, '--json', '--fresh']))
    expect(second).toMatchObject({ resumedFrom: 0, commitsRead: 30, digest: first.digest })
  })

  it('reads a repository without commits, and goes on when there are some', async () => {
    const path = await emptyRepository()
    const ended = await inProcess(['run', path])
    expect(ended.code).toBe(0)
    expect(ended.stdout).toContain('There are no commits yet.')
    expect(ended.lines.at(-1)).toMatch(DIGEST)
    commit(path, [{ files: { f: 'one\n' } }])
    expect(jsonIn(await strata(['run', path, '--json']))).toMatchObject({
      commitsRead: 1,
      lines: 1,
    })
  })

  it('reads from a directory inside the repository, and from a linked worktree', async () => {
    const path = await emptyRepository()
    commit(path, [{ files: { 'deep/f': 'one\n' } }])
    git(path, ['checkout', '--quiet', 'main'])
    git(path, ['worktree', 'add', '--quiet', '--detach', '../linked'])
    const inside = jsonIn(await strata(['run', '--json'], { cwd: join(path, 'deep') }))
    const linked = jsonIn(await strata(['run', '--json', join(path, '../linked')]))
    expect(linked.digest).toBe(inside.digest)
  })

  it('writes no colours where there is no terminal, and none with NO_COLOR', async () => {
    const path = await madeRepository(30)
    const plain = await strata(['run', path])
    const forced = await strata(['run', path], { env: { ...CLEAN, FORCE_COLOR: '1' } })
    const refused = await strata(['run', path], {
      env: { ...CLEAN, FORCE_COLOR: '1', NO_COLOR: '1' },
    })
    expect(plain.stdout).not.toContain('\u001b')
    expect(forced.stdout).toContain('\u001b[')
    expect(refused.stdout).not.toContain('\u001b')
  })
})

describe('strata update', () => {
  it('reads only what is new, and arrives at the digest of a whole run', async () => {
    const path = await madeRepository(300)
    git(path, ['update-ref', 'refs/heads/all', 'main'])
    git(path, ['update-ref', 'refs/heads/main', 'main~10'])
    await inProcess(['run', path])
    git(path, ['update-ref', 'refs/heads/main', 'all'])
    const updated = jsonIn(await inProcess(['update', path, '--json']))
    expect(updated).toMatchObject({ resumedFrom: 290, commitsRead: 10, total: 300 })
    const whole = jsonIn(await inProcess(['run', path, '--json', '--fresh']))
    expect(updated.digest).toBe(whole.digest)
  })

  it('says what to do when nothing is saved', async () => {
    const ended = await inProcess(['update', await madeRepository(5)])
    expect(ended.code).toBe(1)
    expect(ended.stderr).toContain('Begin with `strata run`')
  })

  it('says that history was rewritten, and reads it again', async () => {
    const path = await madeRepository(100)
    await inProcess(['run', path])
    git(path, ['update-ref', 'refs/heads/main', 'main~50'])
    commit(path, [{ files: { other: 'way\n' } }])
    expect((await inProcess(['update', path])).code).toBe(6)
    await inProcess(['log', path, '--accept', 'main'])
    const ended = await inProcess(['update', path])
    expect(ended.stdout).toContain('the history was rewritten, or this is another branch')
    const whole = await inProcess(['run', path, '--store', await scratch()])
    expect(ended.lines.at(-1)).toBe(whole.lines.at(-1))
    expect(ended.stdout).toContain('51 commits from')
  })

  it.each([
    ['moved back to an earlier commit', false],
    ['lost the commit that was reached', true],
  ])('reads again when the branch %s', async (_, prune) => {
    const path = await madeRepository(40)
    await inProcess(['run', path])
    git(path, ['update-ref', 'refs/heads/main', 'main~7'])
    if (prune) git(path, ['gc', '--prune=now', '--quiet'])
    expect((await inProcess(['update', path])).code).toBe(6)
    await inProcess(['log', path, '--accept', 'main'])
    const updated = jsonIn(await inProcess(['update', path, '--json']))
    expect(updated).toMatchObject({ startedAgain: 'rewritten', resumedFrom: 0, commitsRead: 33 })
  })

  it('goes on along a merge of the branch that was read', async () => {
    const path = await emptyRepository()
    commit(path, [{ files: { f: 'one\n' } }])
    await inProcess(['run', path])
    commit(path, [
      { files: { g: 'side\n' }, branch: 'side', from: git(path, ['rev-parse', 'main']).trim() },
    ])
    const [side] = [git(path, ['rev-parse', 'side']).trim()]
    commit(path, [{ files: { g: 'side\n' }, merge: side }])
    const updated = jsonIn(await inProcess(['update', path, '--json']))
    expect(updated).toMatchObject({ startedAgain: null, resumedFrom: 1, commitsRead: 1 })
  })
})

describe('a shallow clone', () => {
  it('works, says what is missing, and is read again when it is deepened', async () => {
    const origin = await madeRepository(60)
    const path = join(await scratch(), 'shallow')
    git(origin, ['clone', '--quiet', '--depth', '20', `file://${origin}`, path])
    const shallow = await inProcess(['run', path])
    expect(shallow.code).toBe(0)
    expect(shallow.stdout).toContain('this is a shallow clone: everything before commit')
    expect(shallow.stdout).toContain('git fetch --unshallow')
    git(path, ['fetch', '--quiet', '--unshallow'])
    const deepened = await inProcess(['run', path])
    expect(deepened.stdout).toContain('the clone has more history than it had')
    const whole = await inProcess(['run', origin])
    expect(deepened.lines.at(-1)).toBe(whole.lines.at(-1))
  })
})

describe('a store of an earlier version', () => {
  it('is recognised, named and left alone; everything is computed again', async () => {
    const path = await madeRepository(30)
    const store = await scratch()
    const storage = unwrap(await FileStorage.open(join(store, 'checkpoints')))
    unwrap(await storage.save('place', { state: Uint8Array.of(2, 0, 0, 0, 0, 0, 0) }))
    await storage.close()
    const before = await readdir(join(store, 'checkpoints'), { recursive: true })
    const told = await inProcess(['update', path, '--store', store, '--every', '10'])
    expect(told.code).toBe(0)
    expect(told.stdout).toContain('checkpoints/ in the store is the place of an earlier version')
    expect(told.stdout).toContain('Reading from the beginning')
    expect(await readdir(join(store, 'checkpoints'), { recursive: true })).toEqual(before)
    const again = jsonIn(await inProcess(['update', path, '--store', store, '--json']))
    expect(again).toMatchObject({ resumedFrom: 30, startedAgain: null, checkpointsSkipped: [] })
  })
})

describe('a damaged checkpoint', () => {
  it('is named and passed over; the run goes on from the newest whole one', async () => {
    const path = await madeRepository(100)
    const store = await scratch()
    const whole = jsonIn(
      await inProcess(['run', path, '--json', '--store', store, '--every', '30']),
    )
    // The first record says who writes, the next four are the epochs.
    const newest = join(store, 'place/log/r5')
    const bytes = new Uint8Array(await readFile(newest))
    bytes[100] = (bytes[100] ?? 0) ^ 1
    await rm(newest)
    await writeFile(newest, bytes)
    const ended = await inProcess(['run', path, '--store', store])
    expect(ended.stdout).toContain('a checkpoint cannot be used and is passed over')
    expect(ended.stdout).toContain('resumed at commit 90 of 100')
    expect(ended.lines.at(-1)).toContain(whole.digest)
  })
})

describe('what strata refuses', () => {
  it.each([
    [['run', '--every', '0']],
    [['run', '--every', 'often']],
    [['run', '--nonsense']],
    [['run', '--store', 'http://bucket/prefix']],
    [['run', 'one', 'two']],
    [['dig']],
    [[]],
  ])('%j is not understood: exit code 2', async (args) => {
    const ended = await inProcess(args)
    expect(ended.code).toBe(2)
    expect(ended.stderr).not.toBe('')
    expect(ended.stdout).toBe('')
  })

  it('--help tells the commands and the exit codes', async () => {
    const help = await inProcess(['--help'])
    expect(help.code).toBe(0)
    expect(help.stdout).toMatch(/run .*\n[^]*update .*\n[^]*Exit codes:\n {2}0 /u)
    expect((await inProcess(['run', '--help'])).stdout).toContain('--store <place>')
  })

  it('a directory outside any repository', async () => {
    const path = await scratch()
    const ended = await inProcess(['run', path])
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain(`"${path}" is not inside a git repository`)
  })

  it('a path that does not exist, and one that is no directory', async () => {
    const directory = await scratch()
    await writeFile(join(directory, 'file'), '')
    const missing = await inProcess(['run', join(directory, 'missing')])
    const file = await inProcess(['run', join(directory, 'file')])
    expect([missing.code, file.code]).toEqual([3, 3])
    expect(missing.stderr).toContain('does not exist')
    expect(file.stderr).toContain('is not a directory')
  })

  it('a path that may not be read', async () => {
    const path = join(await scratch(), 'closed')
    await mkdir(path)
    await chmod(path, 0)
    // Root may read everything, so it steps down.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    await chmod(join(path, '..'), 0o755)
    const ended = await strata(['run', path], { ...nobody, cwd: '/' })
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain('may not be read by this user')
  })

  it('a repository of somebody else, with the remedy; never behind the back of git', async () => {
    const path = await madeRepository(5)
    // The variable by which git itself tests this.
    const env = { ...CLEAN, GIT_TEST_ASSUME_DIFFERENT_OWNER: '1' }
    const ended = await strata(['run', path], { env })
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain('dubious ownership')
    expect(ended.stderr).toContain(`git config --global --add safe.directory ${path}`)

    const home = await scratch()
    execFileSync('git', ['config', '--file', join(home, 'config'), 'safe.directory', path])
    const trusted = await strata(['run', path], {
      env: { ...env, GIT_CONFIG_GLOBAL: join(home, 'config') },
    })
    expect(trusted.code).toBe(0)
  })

  it('a machine without git', async () => {
    const env = { ...CLEAN, PATH: '/nonexistent' }
    const ended = await strata(['run', await madeRepository(5)], { env })
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain('git is not installed')
  })

  it('a history with a missing object; what was read before it is kept', async () => {
    const path = await emptyRepository()
    const files = (text: string): { f: string } => ({ f: text.repeat(50) })
    commit(path, [{ files: files('a\n') }, { files: files('b\n') }, { files: files('c\n') }])
    const blob = git(path, ['rev-parse', 'main:f']).trim()
    await rm(join(path, '.git/objects', blob.slice(0, 2), blob.slice(2)))
    const ended = await strata(['run', path])
    expect(ended.code).toBe(3)
    expect(ended.stderr).toContain('an object of the history is missing')
    git(path, ['hash-object', '-w', '--stdin'], files('c\n').f)
    expect(jsonIn(await strata(['run', path, '--json']))).toMatchObject({
      resumedFrom: 2,
      total: 3,
    })
  })

  it('a store that cannot be written', async () => {
    const path = await madeRepository(5)
    const file = join(await scratch(), 'file')
    await writeFile(file, '')
    const ended = await inProcess(['run', path, '--store', join(file, 'store')])
    expect(ended.code).toBe(4)
    expect(ended.stderr).toContain('strata:')
  })

  it('a bucket without credentials, or with some in its address, which are told to nobody', async () => {
    const path = await madeRepository(5)
    const without = await inProcess(['run', path, '--store', 's3://bucket/prefix'])
    expect(without.code).toBe(4)
    expect(without.stderr).toContain('AWS_ACCESS_KEY_ID must be set')
    const within = await inProcess([
      'run',
      path,
      '--json',
      '--store',
      's3://id:hunter2@bucket/prefix',
    ])
    expect(within.code).toBe(4)
    expect(within.stdout + within.stderr).not.toContain('hunter2')
    expect(jsonIn(within).error?.code).toBe('INVALID_ARGUMENT')
  })

  it('tells failures as JSON with --json', async () => {
    const ended = await inProcess(['run', '/nonexistent', '--json'])
    expect(ended.code).toBe(3)
    expect(jsonIn(ended).error?.code).toBe('PATH_UNREADABLE')
  })
})

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s saves the place at the very commit: exit code %i', async (signal, code) => {
    const path = await madeRepository(1500)
    const { ended, store } = await interrupted([path, '--json', '--every', '100000'], signal)
    expect(ended.code).toBe(code)
    const { position, finished } = jsonIn(ended)
    expect(finished).toBe(false)
    const resumed = jsonIn(await strata(['run', path, '--json', '--store', store]))
    expect(resumed).toMatchObject({ resumedFrom: position, commitsRead: 1500 - position })
    const whole = jsonIn(await strata(['run', path, '--json', '--store', await scratch()]))
    expect(resumed.digest).toBe(whole.digest)
  })

  it('tells people how to go on, and how far the next run need not read', async () => {
    const path = await madeRepository(1500)
    const { ended, store } = await interrupted([path], 'SIGINT')
    const [, position] = /interrupted after (.*) of 1 500 commits; the place is saved/u.exec(
      ended.stdout,
    ) ?? ['', '']
    const resumed = await strata(['run', path, '--store', store])
    expect(resumed.lines[0]).toBe(`resumed at commit ${position} of 1 500`)
  })
})

function isPhase(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'phase' in event
}

/** A run that got one signal as soon as it had read something. */
async function interrupted(
  args: readonly string[],
  signal: NodeJS.Signals,
): Promise<{ ended: Ended; store: string }> {
  // On a busy machine a run can be over before the signal arrives.
  for (let attempt = 1; ; attempt += 1) {
    const store = await scratch()
    const running = start(['run', ...args, '--store', store])
    let isSent = false
    running.onLine((line) => {
      if (isSent || line.includes('"started"')) return
      isSent = running.kill(signal)
    })
    const ended = await running.ended
    if (ended.code !== 0 || attempt === 10) return { ended, store }
  }
}
