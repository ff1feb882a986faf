import { describe, expect, it } from 'vitest'
import { sha256 } from '#digest'
import {
  blobCommitLog,
  coreError,
  err,
  MemoryBlobStore,
  ok,
  openStorage,
  toHex,
  unwrap,
  type BlobStore,
  type CommitLog,
  type GetOptions,
} from '../src/index.ts'
import { Committed } from '../src/storage/committed.ts'
import { decodeManifest, encodeManifest, type ManifestEntry } from '../src/storage/manifest.ts'
import { findNewest, isCheckpoint, REMOVAL, type Newest } from '../src/storage/newest.ts'
import { publishCheckpoint, type Publication } from '../src/storage/publish-checkpoint.ts'
import { restage } from '../src/storage/restage.ts'
import { PIECE_BYTES, readStaged, stage, type Staged } from '../src/storage/staged.ts'
import { FaultyBlobStore, type BlobCall } from '../src/testing/index.ts'

const PREFIX = 'log/n-job.'
const NO_ENTRIES: readonly ManifestEntry[] = []

const inline = (key: string, ...bytes: number[]): ManifestEntry => ({
  key,
  codec: 'bytes',
  sizeBytes: bytes.length,
  at: { bytes: new Uint8Array(bytes) },
})

/** What committing the identifier `job` works with, at the time 1000. */
function worldOf(store: BlobStore = new MemoryBlobStore(), change: Partial<Publication> = {}) {
  const log = blobCommitLog(store, PREFIX)
  const newest = () => findNewest(log, 'job')
  const place = 'here'
  const basics = { store, log, identifier: 'job', maxRaces: 3, now: () => 1000, place, newest }
  const publication: Publication = { ...basics, ...change }
  const commit = async (
    options: Parameters<typeof publishCheckpoint>[3] = {},
    entries = NO_ENTRIES,
    begun?: Newest,
  ) => publishCheckpoint(publication, begun ?? unwrap(await newest()), entries, options)
  return { store, log, newest, commit }
}

/** Others are faster, and collect what was staged, each time before a record is written. */
class Overtaken extends MemoryBlobStore {
  overtakings = 0
  #isOther = false

  override async put(...[key, body, options]: Parameters<MemoryBlobStore['put']>) {
    if (key.startsWith('log/') && !this.#isOther && this.overtakings > 0) {
      this.overtakings -= 1
      this.#isOther = true
      const other = openStorage(this, { guard: false })
      unwrap(await other.save('job', { n: 1 }, { ifExists: 'replace' }))
      unwrap(await other.gc())
      this.#isOther = false
    }
    return super.put(key, body, options)
  }
}

/** What the record of a number says. */
async function manifestAt(log: CommitLog, seq: number) {
  const record = unwrap(await log.read(seq))
  return record === undefined ? undefined : unwrap(decodeManifest(record.payload, undefined))
}

describe('a commit', () => {
  it('is one record that says everything, and is given as it can be loaded', async () => {
    const { log, commit } = worldOf()
    const metadata = { by: 'me' }
    const entries = [inline('a', 1, 2)]
    const committed = unwrap(await commit({ metadata }, entries))
    const manifest = { identifier: 'job', committedAtMs: 1000, born: 1, metadata, entries }
    expect(await manifestAt(log, 1)).toEqual(manifest)
    expect(committed).toMatchObject({
      identifier: 'job',
      generation: 1,
      committedAt: new Date(1000),
      born: 1,
      metadata,
      place: 'here',
      attachment: undefined,
      digest: unwrap(await log.latest())?.digest,
    })
    expect(committed.entries()).toEqual([{ key: 'a', codec: 'bytes', sizeBytes: 2 }])
  })

  it('follows the one before it, and begins anew after a removal', async () => {
    const { log, commit } = worldOf()
    unwrap(await commit())
    expect(unwrap(await commit({ expect: 1 }))).toMatchObject({ generation: 2, born: 1 })
    unwrap(await log.append(unwrap(await log.latest()), REMOVAL))
    const again = unwrap(await commit({ expect: 'absent' }))
    expect(again).toMatchObject({ generation: 4, born: 4, metadata: {} })
  })

  it('of something else than what is expected is refused, and tells what is there', async () => {
    const { log, commit } = worldOf()
    const refusal = (expected: number | 'absent', actual: number | 'absent') => {
      const details = { identifier: 'job', expected, actual, reason: 'generation' }
      return { error: { code: 'CONFLICT', details } }
    }
    expect(await commit({ expect: 1 })).toMatchObject(refusal(1, 'absent'))
    unwrap(await commit({ expect: 'absent' }))
    expect(await commit({ expect: 'absent' })).toMatchObject(refusal('absent', 1))
    expect(await commit({ expect: 2 })).toMatchObject(refusal(2, 1))
    expect(unwrap(await log.latest())?.seq).toBe(1)
  })

  it('has layers attach to what it is about to say, or is refused by them', async () => {
    const { log, commit } = worldOf()
    const first = unwrap(await commit())
    const seen: unknown[] = []
    const attach: Parameters<typeof commit>[0] = {
      metadata: { n: 1 },
      attach: async (facts) => {
        seen.push(facts)
        return ok({ seal: 'x' })
      },
    }
    const committed = unwrap(await commit(attach))
    expect(seen).toEqual([
      {
        identifier: 'job',
        generation: 2,
        committedAt: new Date(1000),
        metadata: { n: 1 },
        born: 1,
        place: 'here',
        previous: first.digest,
      },
    ])
    expect(committed.attachment).toEqual({ seal: 'x' })
    expect((await manifestAt(log, 2))?.attachment).toEqual({ seal: 'x' })
    const refusal = coreError('IO_FAILED', '', { operation: 'attach' })
    expect(await commit({ attach: async () => err(refusal) })).toEqual(err(refusal))
    const odd = await commit({ attach: async () => ok({ n: Number.NaN }) })
    expect(odd).toMatchObject({ error: { code: 'ENCODE_FAILED' } })
    expect(unwrap(await log.latest())?.seq).toBe(2)
    const fresh = worldOf()
    let previous: unknown = 'none was given'
    unwrap(await fresh.commit({ attach: async (facts) => ((previous = facts.previous), ok({})) }))
    expect(previous).toBeUndefined()
  })

  it('takes metadata up to its limit, and only JSON', async () => {
    const { commit } = worldOf()
    const maximum = 64 * 1024
    const of = (bytes: number) => ({ metadata: { a: 'x'.repeat(bytes - '{"a":""}'.length) } })
    expect(await commit(of(maximum))).toMatchObject({ ok: true })
    const details = { limit: 'metadata', maximum, actual: maximum + 1 }
    expect(await commit(of(maximum + 1))).toMatchObject({
      error: { code: 'LIMIT_EXCEEDED', details },
    })
    const odd = await commit({ metadata: { a: Number.NaN } })
    expect(odd).toMatchObject({ error: { code: 'ENCODE_FAILED' } })
  })

  it('that loses a race goes on behind the winner, unless it expected something else', async () => {
    const { newest, commit } = worldOf()
    const begun = unwrap(await newest())
    unwrap(await commit({ metadata: { n: 'winner' } }))
    expect(unwrap(await commit({}, [inline('a')], begun))).toMatchObject({ generation: 2, born: 1 })
    const late = await commit({ expect: 'absent' }, NO_ENTRIES, begun)
    const details = { expected: 'absent', actual: 2 }
    expect(late).toMatchObject({ error: { code: 'CONFLICT', details } })
  })

  it('that loses every race is told so', async () => {
    const medium = new MemoryBlobStore()
    let attempts = 0
    const gate = async ({ operation }: BlobCall): Promise<void> => {
      if (operation !== 'put') return
      attempts += 1
      unwrap(await worldOf(medium).commit())
    }
    const { commit } = worldOf(new FaultyBlobStore(medium, { gate }))
    const details = { identifier: 'job', reason: 'changed' }
    expect(await commit()).toMatchObject({ error: { code: 'CONFLICT', details } })
    expect(attempts).toBe(3)
  })

  it('that cannot look after a lost race, or cannot append, says why and for whom', async () => {
    const failure = coreError('IO_FAILED', '', { operation: 'get' })
    const { newest, commit, store } = worldOf()
    const begun = unwrap(await newest())
    unwrap(await commit())
    const blind = worldOf(store, { newest: async () => err(failure) })
    expect(await blind.commit({}, NO_ENTRIES, begun)).toEqual(err(failure))
    const plan = ({ operation }: BlobCall) => (operation === 'put' ? ('full' as const) : undefined)
    const full = await worldOf(new FaultyBlobStore(store, { plan })).commit()
    expect(full).toMatchObject({ error: { code: 'NO_SPACE', details: { identifier: 'job' } } })
    const stopped = await commit({ signal: AbortSignal.abort() })
    expect(stopped).toMatchObject({ error: { code: 'ABORTED' } })
  })
})

describe('staged bytes', () => {
  const BIG = new Uint8Array(PIECE_BYTES * 2 + 9).map((_, i) => (i * 7) % 251)
  const damaged = (reason: string) => coreError('CORRUPTED', reason, { what: 'test', reason })

  async function gather(store: BlobStore, staged: Staged, range?: { start: number; end: number }) {
    const parts: Uint8Array[] = []
    const options = range === undefined ? {} : { range }
    for await (const part of readStaged(store, staged, damaged, options)) parts.push(part)
    return parts
  }

  const digestOf = (bytes: Uint8Array) => toHex(sha256(bytes))

  it('have a digest for each mebibyte, and no more of them than they need', async () => {
    const store = new MemoryBlobStore()
    const staged = unwrap(await stage(store, 'blob/a', BIG))
    const pieces = [0, 1, 2].map((i) => BIG.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES))
    const at = { blob: 'blob/a', pieces: pieces.map(digestOf) }
    expect(staged).toEqual({ at, sizeBytes: BIG.length })
    expect(unwrap(await stage(store, 'blob/b', new Uint8Array())).at.pieces).toEqual([])
    const full = new FaultyBlobStore(store, { plan: () => 'full' })
    expect(await stage(full, 'blob/c', BIG)).toMatchObject({ error: { code: 'NO_SPACE' } })
    const options = { signal: AbortSignal.abort() }
    expect(await stage(store, 'blob/d', BIG, options)).toMatchObject({ error: { code: 'ABORTED' } })
  })

  it('are those that were hashed, whatever their owner does meanwhile', async () => {
    const mine = new Uint8Array([1, 2, 3])
    const gate = async (): Promise<void> => undefined
    const store = new FaultyBlobStore(new MemoryBlobStore(), { gate })
    const staging = stage(store, 'blob/a', mine)
    for (let turn = 0; turn < 20; turn++) {
      await Promise.resolve()
      mine.fill(turn)
    }
    const staged = unwrap(await staging)
    const [read = new Uint8Array()] = await gather(store, staged)
    expect(staged.at.pieces).toEqual([digestOf(read)])
  })

  it('come back whole or in part, piece by piece, and only the pieces that are needed', async () => {
    const ranges: GetOptions['range'][] = []
    class Noting extends MemoryBlobStore {
      override get(key: string, options?: GetOptions) {
        ranges.push(options?.range)
        return super.get(key, options)
      }
    }
    const store = new Noting()
    const staged = unwrap(await stage(store, 'blob/a', BIG))
    expect((await gather(store, staged)).map(({ length }) => length)).toEqual([
      PIECE_BYTES,
      PIECE_BYTES,
      9,
    ])
    for (const [start, end] of [
      [0, 5],
      [PIECE_BYTES - 2, PIECE_BYTES + 3],
      [PIECE_BYTES, 2 * PIECE_BYTES],
      [2 * PIECE_BYTES + 1, BIG.length],
      [7, 7],
      [BIG.length, BIG.length],
    ] as const) {
      const parts = await gather(store, staged, { start, end })
      const joined = parts.flatMap((part) => [...part.subarray(0, 9)])
      const length = parts.reduce((sum, part) => sum + part.length, 0)
      expect(length, `${start}`).toBe(end - start)
      expect(joined.slice(0, 2)).toEqual([...BIG.subarray(start, Math.min(end, start + 2))])
    }
    expect(ranges[1]).toEqual({ start: 0, end: PIECE_BYTES })
    expect(ranges[2]).toEqual({ start: 0, end: 2 * PIECE_BYTES })
    expect(ranges[3]).toEqual({ start: PIECE_BYTES, end: 2 * PIECE_BYTES })
    expect(ranges[4]).toEqual({ start: 2 * PIECE_BYTES, end: 3 * PIECE_BYTES })
  })

  it('that are not what was staged are told, before any of that piece is out', async () => {
    const store = new MemoryBlobStore()
    const staged = unwrap(await stage(store, 'blob/a', BIG))
    const reasonOf = async (change: Partial<Staged>, bytes?: Uint8Array) => {
      if (bytes !== undefined) unwrap(await store.put('blob/a', bytes))
      const seen: number[] = []
      try {
        for await (const part of readStaged(store, { ...staged, ...change }, damaged)) {
          seen.push(part.length)
        }
      } catch (error) {
        return [seen.length, error instanceof Error ? error.message : 'odd']
      }
      return [seen.length, 'whole']
    }
    const { pieces } = staged.at
    const missing = { at: { ...staged.at, pieces: pieces.slice(1) } }
    expect(await reasonOf(missing)).toEqual([0, 'pieces are missing'])
    expect(await reasonOf({ at: { ...staged.at, blob: 'blob/z' } })).toEqual([
      0,
      'its blob is missing',
    ])
    const shorter = { sizeBytes: BIG.length - 1 }
    expect(await reasonOf(shorter)).toEqual([0, 'its blob has another length'])
    const flipped = BIG.slice()
    flipped[PIECE_BYTES + 1] = 1 ^ (flipped[PIECE_BYTES + 1] ?? 0)
    expect(await reasonOf({}, flipped)).toEqual([1, 'piece 1 has another digest'])
    class Short extends MemoryBlobStore {
      override async get(key: string, options?: GetOptions) {
        const found = await super.get(key, options)
        if (!found.ok || found.value === undefined) return found
        async function* stream(): AsyncIterable<Uint8Array> {
          yield BIG.slice(0, PIECE_BYTES)
        }
        return ok({ ...found.value, stream })
      }
    }
    const short = new Short()
    const cut = unwrap(await stage(short, 'blob/a', BIG))
    await expect(gather(short, cut)).rejects.toThrow('its blob ended early')
  })
})

describe('what lost its number', () => {
  it('is staged again under the next, and given up under the old', async () => {
    const store = new MemoryBlobStore()
    const { at, sizeBytes } = unwrap(await stage(store, 'blob/n-job/1.aa.0', new Uint8Array([5])))
    const entries = [inline('small', 1), { key: 'large', codec: 'bytes', sizeBytes, at }]
    const moved = unwrap(await restage(store, entries, 'blob/n-job/2.'))
    expect(moved[0]).toBe(entries[0])
    const keys: string[] = []
    for await (const { key } of store.list()) keys.push(key)
    expect(keys).toEqual([expect.stringMatching(/^blob\/n-job\/2\.[0-9a-f]{16}\.1$/)])
    const [, large] = moved
    expect(large).toEqual({ ...entries[1], at: { ...at, blob: keys[0] } })
  })

  it('and was collected meanwhile is a conflict; a save puts it again by itself', async () => {
    const large = new Uint8Array(100_000).fill(7)
    const replace = { ifExists: 'replace' } as const
    const store = new Overtaken()
    const storage = openStorage(store, { guard: false })
    const draft = unwrap(await storage.createCheckpoint('job', replace))
    unwrap(await draft.put('large', large))
    store.overtakings = 1
    const committed = await draft.commit()
    expect(committed.ok ? 'ok' : committed.error).toMatchObject({
      code: 'CONFLICT',
      details: { reason: 'collected' },
    })
    store.overtakings = 2
    const saved = unwrap(await storage.save('job', { large }, replace))
    expect([store.overtakings, saved.generation]).toEqual([0, 4])
    const loaded = unwrap(await storage.loadCheckpoint('job'))
    expect(unwrap(await loaded.getBytes('large'))).toEqual(large)
    store.overtakings = Infinity
    const never = await storage.save('job', { large }, replace)
    expect(never.ok ? 'ok' : never.error.details).toMatchObject({ reason: 'collected' })
  })

  it('and is damaged meanwhile is not committed', async () => {
    const store = new MemoryBlobStore()
    const { at, sizeBytes } = unwrap(await stage(store, 'blob/n-job/1.aa.0', new Uint8Array([5])))
    unwrap(await store.put('blob/n-job/1.aa.0', new Uint8Array([6])))
    const entries = [{ key: 'large', codec: 'bytes', sizeBytes, at }]
    const moved = await restage(store, entries, 'blob/n-job/2.')
    const causes = (error: unknown): string => {
      if (!(error instanceof Error)) return ''
      return `${error.message} ${causes(error.cause)}`
    }
    expect(moved.ok ? '' : causes(moved.error)).toContain('piece 0 has another digest')
    const { newest, commit } = worldOf(store)
    const begun = unwrap(await newest())
    unwrap(await commit())
    expect(await commit({}, entries, begun)).toMatchObject({ ok: false })
    expect(unwrap(await newest()).live?.record.seq).toBe(1)
  })

  it('and is staged again is what the record names', async () => {
    const store = new MemoryBlobStore()
    const { newest, commit, log } = worldOf(store)
    const begun = unwrap(await newest())
    unwrap(await commit())
    const { at, sizeBytes } = unwrap(await stage(store, 'blob/n-job/1.aa.0', new Uint8Array([5])))
    const entries = [{ key: 'large', codec: 'bytes', sizeBytes, at }]
    const committed = unwrap(await commit({}, entries, begun))
    const [entry] = (await manifestAt(log, 2))?.entries ?? []
    const blob = entry !== undefined && 'blob' in entry.at ? entry.at.blob : ''
    expect(blob).toMatch(/^blob\/n-job\/2\./)
    const large = unwrap(await committed.entry('large'))
    expect(unwrap(await large.bytes())).toEqual(new Uint8Array([5]))
  })
})

describe('the newest state', () => {
  const nothing = { tip: undefined, live: undefined, damage: undefined }

  it('is none, a checkpoint, or a removal', async () => {
    const { log, newest, commit } = worldOf()
    expect(unwrap(await newest())).toEqual(nothing)
    unwrap(await commit({ metadata: { n: 1 } }))
    const live = unwrap(await newest())
    expect(live).toMatchObject({ tip: { seq: 1 }, live: { record: { seq: 1 } } })
    expect(live.live?.manifest.metadata).toEqual({ n: 1 })
    expect(live.damage).toBeUndefined()
    unwrap(await log.append(live.tip, REMOVAL))
    expect(unwrap(await newest())).toMatchObject({ tip: { seq: 2 }, live: undefined })
    const records = [unwrap(await log.read(1)), unwrap(await log.read(2))]
    expect(records.map((record) => record && isCheckpoint(record))).toEqual([true, false])
  })

  it('is the last whole one when newer ones are damaged, and says why', async () => {
    const { store, commit, newest } = worldOf()
    for (let i = 0; i < 2; i++) unwrap(await commit())
    unwrap(await store.put(`${PREFIX}r2`, new Uint8Array(200)))
    const fresh = await findNewest(blobCommitLog(store, PREFIX), 'job')
    expect(unwrap(fresh)).toMatchObject({
      tip: { seq: 2 },
      live: { record: { seq: 1 } },
      damage: { code: 'CORRUPTED' },
    })
    unwrap(await store.put(`${PREFIX}r1`, new Uint8Array(200)))
    const none = unwrap(await findNewest(blobCommitLog(store, PREFIX), 'job'))
    expect(none).toMatchObject({ tip: { seq: 2 }, live: undefined, damage: { code: 'CORRUPTED' } })
    void newest
  })

  it('is damaged when the record is another identifier’s, or makes no sense', async () => {
    const { log, newest } = worldOf()
    const facts = { committedAtMs: 0, born: 1, metadata: {}, entries: [] }
    const foreign = unwrap(encodeManifest({ identifier: 'other', ...facts }))
    unwrap(await log.append(undefined, foreign))
    const damage = { code: 'CORRUPTED', details: { what: 'manifest' } }
    expect(unwrap(await newest())).toMatchObject({ tip: { seq: 1 }, live: undefined, damage })
    expect(unwrap(await findNewest(log, undefined)).live?.manifest.identifier).toBe('other')
    unwrap(await log.append(unwrap(await log.latest()), new Uint8Array([1])))
    expect(unwrap(await newest())).toMatchObject({ tip: { seq: 2 }, live: undefined, damage })
  })

  it('is not known on a medium that fails at any call', async () => {
    const { store, commit } = worldOf()
    for (let i = 0; i < 2; i++) unwrap(await commit())
    unwrap(await store.put(`${PREFIX}r2`, new Uint8Array(200)))
    for (let failing = 0; failing < 40; failing++) {
      let failed = false
      const plan = ({ index }: BlobCall) => {
        failed ||= index === failing
        return index === failing ? ('failed' as const) : undefined
      }
      const faulty = new FaultyBlobStore(store, { plan })
      const found = await findNewest(blobCommitLog(faulty, PREFIX), 'job')
      if (!failed) return
      expect(found, `call ${failing}`).toMatchObject({ error: { code: 'IO_FAILED' } })
    }
    throw new Error('there is no end to it')
  })

  it('is not looked for once the caller gave up', async () => {
    const { log } = worldOf()
    const options = { signal: AbortSignal.abort() }
    expect(await findNewest(log, 'job', options)).toMatchObject({ error: { code: 'ABORTED' } })
  })
})

describe('a committed checkpoint', () => {
  it('gives its entries in the order of their keys, each with its bytes, until it is closed', async () => {
    const entries = [inline('b', 2), inline('a', 1)]
    const facts = { identifier: 'job', committedAtMs: 1000, born: 2, metadata: { n: 1 } }
    const manifest = { ...facts, entries, attachment: { seal: 'x' } }
    const record = { seq: 7, digest: 'ab' }
    const committed = new Committed(new MemoryBlobStore(), record, manifest, 'here')
    expect(committed).toMatchObject({
      identifier: 'job',
      generation: 7,
      committedAt: new Date(1000),
      metadata: { n: 1 },
      born: 2,
      digest: 'ab',
      place: 'here',
      attachment: { seal: 'x' },
    })
    expect(committed.entries().map(({ key }) => key)).toEqual(['a', 'b'])
    const entry = unwrap(await committed.entry('b'))
    expect([entry.key, unwrap(await entry.bytes())]).toEqual(['b', new Uint8Array([2])])
    const part = unwrap(await committed.entry('b', { range: { start: 1 } }))
    expect(unwrap(await part.bytes())).toEqual(new Uint8Array())
    const details = { identifier: 'job', key: 'c' }
    expect(await committed.entry('c')).toMatchObject({ error: { code: 'KEY_NOT_FOUND', details } })
    await committed.close()
    expect(await committed.entry('b')).toMatchObject({
      error: { code: 'CLOSED', details: { what: 'checkpoint' } },
    })
  })
})
