import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  decodePublishedRoot,
  encodePublishedRoot,
  type PublishedRoot,
} from '../src/published-root.ts'
import { latestOf, publish, readLogs } from '../src/tidemark/log-persistence.ts'
import { commit, git, madeRepository } from './support/git.ts'
import { inProcess, jsonIn, type JsonResult } from './support/strata.ts'

const MAIN: PublishedRoot = {
  log: 'refs/heads/main',
  position: 2884,
  root: 'f364b765847a922594e15b7d4c24dd030c22a5e2706e0c13ae33f646ebb21d1b',
  commit: '83e69762aff0'.padEnd(40, '0'),
  publishedAt: '2026-08-20T10:11:12.345Z',
}

describe('a published root', () => {
  it('is a checkpoint as transparency logs have it: origin, size, root, and lines of ours', () => {
    expect(new TextDecoder().decode(encodePublishedRoot(MAIN))).toBe(
      'strata refs/heads/main\n2884\n82S3ZYR6kiWU4Vt9TCTdAwwipeJwbgwTrjP2RuuyHRs=\n' +
        'commit 83e69762aff00000000000000000000000000000\npublished 2026-08-20T10:11:12.345Z\n',
    )
  })

  it.each([MAIN, { ...MAIN, accepted: '1'.repeat(40) }])(
    'is the same after it was bytes',
    (root) => {
      expect(unwrap(decodePublishedRoot(root.log, encodePublishedRoot(root)))).toEqual(root)
    },
  )

  it.each([
    ['of another log', 'refs/heads/other', (text: string) => text],
    ['with a line more', MAIN.log, (text: string) => `${text}more\n`],
    ['with a line less', MAIN.log, (text: string) => text.replace(/published.*\n/u, '')],
    ['of a size with zeros in front', MAIN.log, (text: string) => text.replace('2884', '02884')],
    ['that is empty', MAIN.log, () => ''],
  ])('%s is refused', (_, log, change) => {
    const text = change(new TextDecoder().decode(encodePublishedRoot(MAIN)))
    const decoded = decodePublishedRoot(log, new TextEncoder().encode(text))
    expect(decoded.ok ? decoded.value : decoded.error.code).toBe('CORRUPTED')
  })

  it('is written only by who saw the one before', async () => {
    const store = new MemoryBlobStore()
    const seen = unwrap(await latestOf(store, MAIN.log))
    unwrap(await publish(store, seen, MAIN))
    const late = await publish(store, seen, { ...MAIN, position: 3000 })
    expect(late.ok ? late.value : late.error.code).toBe('CONFLICT')
    expect(unwrap(await readLogs(store)).published).toEqual([MAIN])
  })

  it('is looked for without a trace', async () => {
    const store = new MemoryBlobStore()
    expect(unwrap(await readLogs(store))).toEqual({ published: [], damaged: [] })
    for await (const { key } of store.list()) expect.unreachable(key)
  })
})

describe('strata log', () => {
  it('shows what each branch came to when it was last published', async () => {
    const path = await madeRepository(40)
    expect((await inProcess(['log', path])).code).toBe(1)
    const run = jsonIn(await inProcess(['run', path, '--json']))
    const told = await inProcess(['log', path])
    expect(told.code).toBe(0)
    expect(told.stdout).toMatch(/^ {2}main {2}40 commits to [0-9a-f]{12}, published .* UTC\n/u)
    expect(told.lines[1]).toBe(`    ${run.root}`)
    const published = { log: 'refs/heads/main', position: 40, root: run.root, commit: run.commit }
    expect(await logsOf(path)).toMatchObject([{ ...published, accepted: null }])
    const status = await inProcess(['status', path, '--json'])
    expect(jsonIn(status)).toMatchObject({ published: [published] })
  })

  it('moves forward with its branch, and not at all when there is nothing new', async () => {
    const path = await madeRepository(40)
    git(path, ['update-ref', 'refs/heads/all', 'main'])
    git(path, ['update-ref', 'refs/heads/main', 'main~10'])
    await inProcess(['run', path])
    const [before] = await logsOf(path)
    await inProcess(['run', path, '--fresh'])
    expect(await logsOf(path)).toEqual([before])
    git(path, ['update-ref', 'refs/heads/main', 'all'])
    const { root = '' } = jsonIn(await inProcess(['update', path, '--json']))
    expect(await logsOf(path)).toMatchObject([{ position: 40, root }])
    const revision = unwrap(await latestOf(await ownStore(path), 'refs/heads/main')).revision
    expect(revision).toBe(2)
    // Only what a log names is kept.
    expect((await inProcess(['verify', path, '--root', root])).code).toBe(0)
    expect((await inProcess(['verify', path, '--root', before?.root ?? ''])).code).toBe(1)
    for await (const { key } of (await ownStore(path)).list({ prefix: 'sealed/' })) {
      expect(key).toContain(`sealed/40/${root}/`)
    }
  })

  it('has one log for each branch, and another branch is no rewrite', async () => {
    const path = await madeRepository(40)
    git(path, ['update-ref', 'refs/heads/topic/deep', 'main~5'])
    const main = jsonIn(await inProcess(['run', path, '--json']))
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/topic/deep'])
    const topic = jsonIn(await inProcess(['run', path, '--json']))
    expect(await logsOf(path)).toMatchObject([
      { log: 'refs/heads/main', position: 40, root: main.root },
      { log: 'refs/heads/topic/deep', position: 35, root: topic.root },
    ])
    for (const root of [main.root, topic.root]) {
      expect((await inProcess(['verify', path, '--root', root ?? ''])).code).toBe(0)
    }
    // A new branch at the same commit has a log of its own.
    git(path, ['update-ref', 'refs/heads/twin', 'topic/deep'])
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/twin'])
    await inProcess(['run', path])
    expect((await logsOf(path)).map(({ log }) => log)).toContain('refs/heads/twin')
  })

  it('has one log for all that is on no branch, which may go anywhere', async () => {
    const path = await madeRepository(40)
    git(path, ['update-ref', '--no-deref', 'HEAD', 'main'])
    await inProcess(['run', path])
    git(path, ['update-ref', '--no-deref', 'HEAD', 'main~5'])
    const back = jsonIn(await inProcess(['run', path, '--json']))
    expect(await logsOf(path)).toMatchObject([{ log: 'HEAD', position: 35, root: back.root }])
  })

  it('is frozen when its newest record is damaged', async () => {
    const path = await madeRepository(10)
    const { root = '' } = jsonIn(await inProcess(['run', path, '--json']))
    const logs = join(path, 'strata/published/log')
    const [record = ''] = (await readdir(logs)).filter((name) => name.endsWith('.r1'))
    const bytes = await readFile(join(logs, record))
    await rm(join(logs, record))
    await writeFile(join(logs, record), bytes.subarray(0, -3))
    const ended = await inProcess(['run', path, '--json'])
    expect([ended.code, jsonIn(ended).error?.code]).toEqual([4, 'CORRUPTED'])
    expect((await inProcess(['log', path])).stdout).toContain('main  frozen')

    // Another branch is not, and what the frozen log names stays.
    git(path, ['update-ref', 'refs/heads/other', 'main~1'])
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/other'])
    expect((await inProcess(['run', path])).code).toBe(0)
    expect((await inProcess(['verify', path, '--root', root])).code).toBe(0)
    await rm(join(logs, record))
    await writeFile(join(logs, record), bytes)
    expect(await logsOf(path)).toMatchObject([{ root }, { log: 'refs/heads/other' }])
  })
})

describe('a history that was rewritten', () => {
  it('is refused as a rollback, by name, before anything is read or changed', async () => {
    const { path, published, offered } = await forcePushed()
    const before = await inProcess(['status', path])
    for (const args of [['update'], ['run'], ['run', '--fresh']]) {
      const ended = await inProcess([...args, path])
      expect(ended.code).toBe(6)
      expect(ended.stdout).toBe('')
      expect(ended.stderr).toContain('the history of main was rewritten')
      expect(ended.stderr).toContain(`${published.slice(0, 12)} (40 commits)`)
      expect(ended.stderr).toContain(`${offered.slice(0, 12)} (31 commits)`)
      expect(ended.stderr).toContain('strata log --accept main')
    }
    const { error } = jsonIn(await inProcess(['run', path, '--json']))
    expect(error).toMatchObject({
      code: 'ROLLBACK_DETECTED',
      kind: 'corrupt',
      details: { identifier: 'refs/heads/main', published, offered, expected: 40, found: 31 },
    })
    expect((await inProcess(['log', path])).stdout).toContain('40 commits')
    expect((await inProcess(['status', path])).stdout).toContain(before.lines[2])
  })

  it('is read once somebody has accepted it, and becomes what is published', async () => {
    const { path, offered } = await forcePushed()
    const accepted = await inProcess(['log', path, '--accept', 'main'])
    expect(accepted.stdout).toContain(`may go on from ${offered.slice(0, 12)} instead`)
    commit(path, [{ files: { further: 'on\n' } }])
    const run = jsonIn(await inProcess(['update', path, '--json']))
    expect(run).toMatchObject({ startedAgain: 'rewritten', position: 32 })
    expect(await logsOf(path)).toMatchObject([{ position: 32, root: run.root, accepted: null }])
  })

  it('is accepted as it was then: another rewrite is refused again, the old line is not', async () => {
    const { path, published } = await forcePushed()
    await inProcess(['log', path, '--accept', 'main'])
    git(path, ['update-ref', 'refs/heads/main', 'main~1'])
    expect((await inProcess(['run', path])).code).toBe(6)
    git(path, ['update-ref', 'refs/heads/main', published])
    expect((await inProcess(['run', path])).code).toBe(0)
    expect(await logsOf(path)).toMatchObject([{ position: 40, accepted: null }])
  })

  it('cannot be accepted where nothing is published, nothing is there, or nobody knows', async () => {
    const { path } = await forcePushed()
    const store = join(path, 'strata')
    const [unpublished, unknown, nowhere] = [
      await inProcess(['log', path, '--accept', 'other']),
      await inProcess(['log', path, '--accept', '-']),
      await inProcess(['log', store, '--accept', 'main']),
    ]
    expect([unpublished.code, unknown.code, nowhere.code]).toEqual([1, 1, 3])
    expect(unpublished.stderr).toContain('nothing is published of other')
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/gone'])
    git(path, ['update-ref', '-d', 'refs/heads/main'])
    expect((await inProcess(['log', path, '--accept', 'main'])).code).toBe(1)
  })
})

/** A repository whose main was published at 40 commits, and then went another way. */
async function forcePushed(): Promise<{ path: string; published: string; offered: string }> {
  const path = await madeRepository(40)
  const published = git(path, ['rev-parse', 'main']).trim()
  await inProcess(['run', path])
  git(path, ['update-ref', 'refs/heads/main', 'main~10'])
  const [offered = ''] = commit(path, [{ files: { another: 'way\n' } }])
  return { path, published, offered }
}

async function ownStore(path: string): Promise<FileBlobStore> {
  return unwrap(await FileBlobStore.open(join(path, 'strata')))
}

async function logsOf(path: string): Promise<readonly PublishedRoot[]> {
  const told: JsonResult & { readonly logs?: readonly PublishedRoot[] } = jsonIn(
    await inProcess(['log', path, '--json']),
  )
  return told.logs ?? []
}
