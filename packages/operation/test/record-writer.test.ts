import {
  blobCommitLog,
  coreError,
  err,
  MemoryBlobStore,
  ok,
  unwrap,
  type BlobStore,
  type Clock,
  type Lease,
  type LogRecord,
} from '@tidemark/core'
import { FaultyBlobStore, type BlobCall } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { isLive, OperationLog, type Standing } from '../src/log/operation-log.ts'
import { appendBegin, appendComplete } from '../src/owner/bases.ts'
import { RecordWriter, type Draft } from '../src/owner/record-writer.ts'
import { decodeRecord } from '../src/record/decode-record.ts'
import { encodeRecord } from '../src/record/encode-record.ts'
import type { Base, CheckpointEntry, Entry, Head, ResultEntry } from '../src/record/record.ts'

const NAME = 'op'
const PREFIX = 'operation/n-op.'
const INCARNATION = '0123456789abcdef'

const checkpoint = (label: string, size = 1): CheckpointEntry => ({
  kind: 'checkpoint',
  label,
  atMs: 0,
  version: 1,
  codec: 'bytes',
  body: new Uint8Array(size).fill(7),
})

const result = (step: string): ResultEntry => ({
  kind: 'result',
  step,
  version: 1,
  codec: 'bytes',
  body: new Uint8Array(1),
})

/** A clock whose sleepers are woken by hand. */
function handClock() {
  const sleepers: { ms: number; wake: () => void; signal: AbortSignal | undefined }[] = []
  const clock: Clock = {
    nowMs: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        // Not at once: a timer that is about to fire fires all the same.
        const cancel = () => setTimeout(() => reject(new Error('aborted')))
        signal?.addEventListener('abort', cancel)
        sleepers.push({ ms, wake: resolve, signal })
      }),
    every: () => ({ stop: () => undefined }),
  }
  return { clock, sleepers }
}

/** A lease on a log, whose appends can be made to wait or to fail. */
class HandLease implements Lease {
  readonly epoch = 1
  readonly found = undefined
  readonly takenOverFrom = undefined
  readonly skipped = []
  readonly lost: AbortSignal = new AbortController().signal
  newest: LogRecord
  /** Answers of the next appends, instead of appending. */
  readonly answers: Awaited<ReturnType<Lease['append']>>[] = []
  readonly #log: OperationLog

  constructor(log: OperationLog, newest: LogRecord) {
    this.#log = log
    this.newest = newest
  }

  async append(payload: Uint8Array): ReturnType<Lease['append']> {
    const answer = this.answers.shift()
    if (answer !== undefined) return answer
    this.newest = unwrap(await this.#log.log.append(this.newest, payload, { epoch: this.epoch }))
    return ok(this.newest)
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

interface World {
  readonly store: BlobStore
  readonly log: OperationLog
  readonly lease: HandLease
  readonly writer: RecordWriter
  readonly written: [readonly Entry[], number][]
  readonly sleepers: ReturnType<typeof handClock>['sleepers']
}

/** An operation that has just begun: its owner is record 1, its base record 2. */
async function begun(stageAboveBytes = 1000, store: BlobStore = new MemoryBlobStore()) {
  const log = new OperationLog(store, NAME)
  const owner = unwrap(await log.log.append(undefined, new Uint8Array(), { epoch: 'self' }))
  const lease = new HandLease(log, owner)
  const { clock, sleepers } = handClock()
  const writer = new RecordWriter({ lease, log, clock, stageAboveBytes }, undefined)
  const written: World['written'] = []
  writer.onWritten = (entries, seq) => void written.push([entries, seq])
  unwrap(await appendBegin(writer, { name: NAME, atMs: 5 }, INCARNATION))
  const world: World = { store, log, lease, writer, written, sleepers }
  return world
}

/** What a record of the log says, read by somebody else. */
async function recordAt({ store }: World, seq: number) {
  const record = unwrap(await blobCommitLog(store, PREFIX).read(seq))
  return record === undefined ? undefined : unwrap(decodeRecord(seq, record.payload))
}

const labelsOf = (entries: readonly Entry[] = []) =>
  entries.map((entry) => (entry.kind === 'checkpoint' ? entry.label : entry.kind))

async function stagedIn(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list({ prefix: `${PREFIX}b/` })) keys.push(key)
  return keys
}

/** Adds entries while the writer is busy, so that the next record is made from all of them. */
function addTogether({ writer }: World, entries: readonly Entry[]) {
  void writer.exclusively(async () => undefined)
  return Promise.all(entries.map((entry) => writer.add(entry)))
}

describe('an entry', () => {
  it('is recorded with its place, its number and where the operation stands', async () => {
    const world = await begun()
    const first = unwrap(await world.writer.add(checkpoint('a')))
    const head: Head = {
      incarnation: INCARNATION,
      base: 2,
      swept: 0,
      fold: 0,
      nextSeq: 1,
      steps: 0,
      latest: { record: 3, index: 0 },
    }
    expect(first).toMatchObject({ at: { record: 3, index: 0 }, seq: 0, standing: { seq: 3, head } })
    expect(world.writer.standing).toEqual(first.standing)
    expect(first.standing.base).toMatchObject({ kind: 'begin', operation: NAME, atMs: 5 })
    expect(await recordAt(world, 3)).toEqual({ head, entries: [checkpoint('a')] })
    const step = unwrap(await world.writer.add(result('s')))
    expect(step).toMatchObject({ at: { record: 4, index: 0 }, seq: 1 })
    expect(step.standing.head).toMatchObject({ nextSeq: 1, steps: 1, latest: { record: 3 } })
    expect(world.written).toEqual([
      [[checkpoint('a')], 3],
      [[result('s')], 4],
    ])
  })

  it('shares the next record with all that come while an append is in flight', async () => {
    const world = await begun()
    const all = [checkpoint('a'), checkpoint('b'), result('s'), checkpoint('c'), result('t')]
    const added = (await addTogether(world, all)).map((one) => unwrap(one))
    const places = added.map(({ at, seq }) => [at.record, at.index, seq])
    expect(places).toEqual([
      [3, 0, 0],
      [3, 1, 1],
      [3, 2, 2],
      [3, 3, 2],
      [3, 4, 3],
    ])
    const record = await recordAt(world, 3)
    const head = { nextSeq: 3, steps: 2, latest: { record: 3, index: 3 } }
    expect(record).toMatchObject({ head, entries: all })
  })

  it('shares a record up to a mebibyte; what is larger has one to itself', async () => {
    const world = await begun(2 ** 21)
    const sizes = [1, 600_000, 400_000, 600_000, 1_500_000, 1]
    const large = sizes.map((size, i) => checkpoint(`${i}`, size))
    const added = (await addTogether(world, large)).map((one) => unwrap(one))
    expect(added.map(({ at, seq }) => [at.record, at.index, seq])).toEqual([
      [3, 0, 0],
      [3, 1, 1],
      [3, 2, 2],
      [4, 0, 3],
      [5, 0, 4],
      [6, 0, 5],
    ])
  })

  it('is one of 1024 in a record at most', async () => {
    const world = await begun()
    const many = Array.from({ length: 1030 }, (_, i) => result(`s${i}`))
    const added = (await addTogether(world, many)).map((one) => unwrap(one))
    expect([added[1023]?.at, added[1024]?.at]).toEqual([
      { record: 3, index: 1023 },
      { record: 4, index: 0 },
    ])
  })

  it('that is aborted before its turn is not recorded, and the others are', async () => {
    const world = await begun()
    const { writer } = world
    const controller = new AbortController()
    void writer.exclusively(async () => undefined)
    const adding = [
      writer.add(checkpoint('a')),
      writer.add(checkpoint('b'), controller.signal),
      writer.add(checkpoint('c'), new AbortController().signal),
    ]
    const reason = new Error('enough')
    controller.abort(reason)
    const [a, b, c] = await Promise.all(adding)
    const details = { operation: 'record', committed: false }
    expect(b).toMatchObject({ error: { code: 'ABORTED', details, cause: reason } })
    expect([a, c]).toMatchObject([{ ok: true }, { ok: true, value: { seq: 1 } }])
    const alone = await writer.add(checkpoint('d'), controller.signal)
    expect(alone).toMatchObject({ error: { code: 'ABORTED' } })
    await writer.drain()
    expect(world.written).toHaveLength(1)
  })

  it('of an operation that is completed is refused', async () => {
    const world = await begun()
    const { writer } = world
    const standing = unwrap(await writer.add(checkpoint('a'))).standing
    const outcome = { kind: 'outcome', codec: 'bytes', body: new Uint8Array([1]) } as const
    const complete = () => appendComplete(writer, standing, { name: NAME, atMs: 9 }, outcome)
    unwrap(await writer.exclusively(complete))
    const details = { name: NAME, completedAtMs: 9 }
    const refused = { error: { code: 'OPERATION_COMPLETED', details } }
    const late = await Promise.all([writer.add(checkpoint('b')), writer.add(result('s'))])
    expect(late).toMatchObject([refused, refused])
    expect(world.lease.newest.seq).toBe(4)
    expect((await recordAt(world, 4))?.head).not.toHaveProperty('latest')
  })

  it('is told what became of its record, and the next one is tried all the same', async () => {
    const world = await begun()
    const { writer, lease } = world
    lease.answers.push(err(coreError('IO_FAILED', '', { operation: 'put' })))
    const failed = await addTogether(world, [checkpoint('a'), checkpoint('b')])
    const failure = { error: { code: 'IO_FAILED' } }
    expect(failed).toMatchObject([failure, failure])
    expect(world.written).toEqual([])
    expect(unwrap(await writer.add(checkpoint('c')))).toMatchObject({ seq: 0, at: { record: 3 } })
  })
})

describe('a large entry', () => {
  it('is staged before its record, under the number of its record', async () => {
    const world = await begun(10)
    unwrap(await world.writer.add(checkpoint('a', 10)))
    expect(await stagedIn(world.store)).toEqual([])
    unwrap(await world.writer.add(checkpoint('b', 11)))
    const [key = ''] = await stagedIn(world.store)
    expect(key).toMatch(/b\/.*4/)
    const [entry] = (await recordAt(world, 4))?.entries ?? []
    expect(entry).toMatchObject({ body: { sizeBytes: 11 } })
    expect(world.written.at(-1)?.[0]).toEqual([entry])
  })

  it('is deleted when its record was refused, and stays when that is unknown', async () => {
    const world = await begun(10)
    const { writer, lease, store } = world
    const details = { operation: 'append', reason: 'no-answer' } as const
    lease.answers.push(err(coreError('IO_FAILED', '', { operation: 'put' })))
    lease.answers.push(err(coreError('OUTCOME_UNKNOWN', '', details)))
    expect(await writer.add(checkpoint('a', 11))).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(await stagedIn(store)).toEqual([])
    const unknown = await writer.add(checkpoint('b', 11))
    expect(unknown).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } })
    expect(await stagedIn(store)).toHaveLength(1)
  })

  it('that cannot be staged is not recorded', async () => {
    const plan = ({ operation, key }: BlobCall) =>
      operation === 'put' && key.includes('.b/') ? ('full' as const) : undefined
    const world = await begun(10, new FaultyBlobStore(new MemoryBlobStore(), { plan }))
    const refused = await world.writer.add(checkpoint('a', 11))
    expect(refused).toMatchObject({ error: { code: 'NO_SPACE' } })
    expect(world.lease.newest.seq).toBe(2)
  })
})

describe('an offer', () => {
  it('rides with the next record', async () => {
    const world = await begun()
    const { writer, sleepers } = world
    writer.offer('one', result('s'), 50)
    writer.offer('two', result('t'), 70)
    expect(sleepers.map(({ ms }) => ms)).toEqual([50, 70])
    unwrap(await writer.add(checkpoint('a')))
    const record = await recordAt(world, 3)
    expect(labelsOf(record?.entries)).toEqual(['a', 'result', 'result'])
    expect(record?.head.steps).toBe(2)
    expect(sleepers.map(({ signal }) => signal?.aborted)).toEqual([true, true])
    expect(writer.withdraw('one')).toBeUndefined()
    unwrap(await writer.add(checkpoint('b')))
    expect(labelsOf((await recordAt(world, 4))?.entries)).toEqual(['b'])
  })

  it('goes alone when its time has come', async () => {
    const world = await begun()
    world.writer.offer('one', result('s'), 50)
    world.sleepers[0]?.wake()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(world.written).toEqual([[[result('s')], 3]])
  })

  it('is replaced by a later one, and not written when it is withdrawn', async () => {
    const world = await begun()
    const { writer, sleepers } = world
    writer.offer('one', result('old'), 50)
    writer.offer('one', result('new'), 50)
    // The old one wakes all the same, as a timer may that was just about to fire.
    sleepers[0]?.wake()
    writer.offer('two', result('gone'), 50)
    expect(writer.withdraw('two')).toEqual(result('gone'))
    sleepers[2]?.wake()
    await new Promise((resolve) => setTimeout(resolve))
    expect(world.written).toEqual([])
    await writer.drain()
    expect(world.written).toEqual([[[result('new')], 3]])
  })

  it('waits for its time when it does not fit into the record of those who asked', async () => {
    const world = await begun(2 ** 21)
    const { writer } = world
    writer.offer('one', result('small'), 50)
    writer.offer('two', { ...result('large'), body: new Uint8Array(600_000) }, 50)
    unwrap(await writer.add(checkpoint('a', 600_000)))
    expect(labelsOf((await recordAt(world, 3))?.entries)).toEqual(['a', 'result'])
    await writer.drain()
    expect(world.written.map(([entries, seq]) => [entries.length, seq])).toEqual([
      [2, 3],
      [1, 4],
    ])
    for (const slot of ['three', 'four']) writer.offer(slot, result(slot), 50)
    await addTogether(
      world,
      Array.from({ length: 1023 }, (_, i) => result(`s${i}`)),
    )
    expect((await recordAt(world, 5))?.entries).toHaveLength(1024)
  })
})

describe('a job', () => {
  it('runs between two records, in its turn, and gives what it gives', async () => {
    const { writer } = await begun()
    const order: string[] = []
    const note = async <T>(what: string, doing: Promise<T>): Promise<T> => {
      const done = await doing
      order.push(what)
      return done
    }
    const job = writer.exclusively(async () => {
      order.push('job begins')
      await new Promise((resolve) => setTimeout(resolve))
      return 'given'
    })
    const doing = [note('a', writer.add(checkpoint('a'))), note('job', job)]
    const more = [note('b', writer.add(checkpoint('b'))), note('c', writer.add(checkpoint('c')))]
    const [, given] = await Promise.all([...doing, ...more])
    expect(given).toBe('given')
    expect(order).toEqual(['job begins', 'job', 'a', 'b', 'c'])
    void writer.exclusively(async () => undefined)
    const [first, , third] = await Promise.all([
      writer.add(checkpoint('d')),
      writer.exclusively(async () => undefined),
      writer.add(checkpoint('e')),
    ])
    expect(unwrap(third).at.record).toBe(unwrap(first).at.record + 1)
  })

  it('that fails does not stop those behind it', async () => {
    const { writer } = await begun()
    const failing = writer.exclusively(() => Promise.reject(new Error('mine')))
    const behind = writer.add(checkpoint('a'))
    await expect(failing).rejects.toThrow('mine')
    expect(await behind).toMatchObject({ ok: true })
  })

  it('appends what it says of the head, and leaves the rest as it was', async () => {
    const world = await begun()
    const { writer } = world
    const before = unwrap(await writer.add(checkpoint('a'))).standing
    const append = async (draft: Draft): Promise<Standing> =>
      unwrap(await writer.exclusively(() => writer.append(draft)))
    const counts = { nextSeq: 1, steps: 0 }
    const folded = await append({ head: counts, folds: [], entries: [] })
    expect(folded.head).toEqual({ ...before.head, fold: 4 })
    const after = await append({ head: { ...counts, latest: undefined }, entries: [] })
    expect(after.head).toEqual({ ...folded.head, latest: undefined })
    expect(Object.keys(after.head)).not.toContain('latest')
    const kept = unwrap(await world.log.read(after.seq)) ?? {}
    expect(Object.keys(kept)).toEqual(['head', 'entries'])
    const refolded = await append({ head: { ...counts, fold: 2, swept: 1 }, entries: [] })
    expect(refolded.head).toMatchObject({ fold: 2, swept: 1, base: 2 })
    const base: Base = { ...before.base, kind: 'compact', firstSeq: 1 }
    const compacted = await append({ head: counts, base, entries: [] })
    expect(compacted).toMatchObject({ seq: 7, base, head: { base: 7, fold: 2, swept: 1 } })
    expect(await recordAt(world, 7)).toMatchObject({ base })
    expect(await recordAt(world, 6)).not.toHaveProperty('base')
    expect(await recordAt(world, 6)).not.toHaveProperty('folds')
    expect(await recordAt(world, 4)).toHaveProperty('folds', [])
    writer.swept()
    expect(writer.standing?.head).toMatchObject({ swept: 7, base: 7 })
    const other = await append({
      head: { ...counts, incarnation: 'fedcba9876543210' },
      entries: [],
    })
    expect(other.head).toMatchObject({ incarnation: 'fedcba9876543210', swept: 7 })
  })

  it('cannot append the first record without a base: that is a mistake of ours', async () => {
    const { log, lease, writer } = await begun()
    const begunBase = unwrapStanding({ writer }).base
    const parts = { lease, log, clock: handClock().clock, stageAboveBytes: 9 }
    const bare = new RecordWriter(parts, undefined)
    expect(bare.standing).toBeUndefined()
    bare.swept()
    const counts = { nextSeq: 0, steps: 0 }
    const mistake = /operation is a base$/
    await expect(bare.append({ head: counts, entries: [] })).rejects.toThrow(mistake)
    const named = { ...counts, incarnation: INCARNATION }
    await expect(bare.append({ head: named, entries: [] })).rejects.toThrow(mistake)
    const base: Base = { ...begunBase, firstSeq: 0 }
    await expect(bare.append({ head: counts, base, entries: [] })).rejects.toThrow(mistake)
    const head = { ...named, base: 3, swept: 0, fold: 0 }
    const standing = unwrap(await bare.append({ head: named, base, entries: [] }))
    expect(standing).toStrictEqual({ seq: 3, base, head })
  })

  it('is waited for by drain, with everything that was asked for before', async () => {
    const { writer, written } = await begun()
    void writer.add(checkpoint('a'))
    const job = writer.exclusively(() => new Promise((resolve) => setTimeout(resolve)))
    void writer.add(checkpoint('b'))
    await writer.drain()
    await job
    expect(written).toHaveLength(2)
    await writer.drain()
  })
})

describe('the log of an operation', () => {
  const open = (store: BlobStore) => new OperationLog(store, NAME)

  it('stands at the newest record that is no owner’s, and tells how many it passed', async () => {
    const world = await begun()
    unwrap(await world.writer.add(checkpoint('a')))
    const plain = blobCommitLog(world.store, PREFIX)
    for (let i = 0; i < 3; i++) {
      const tip = unwrap(await plain.latest())
      unwrap(await plain.append(tip, new Uint8Array([1]), { epoch: 'self' }))
    }
    const sighting = unwrap(await open(world.store).look())
    expect(sighting).toMatchObject({ passed: 3, skipped: [], newest: { seq: 6 } })
    expect(sighting.standing).toMatchObject({ seq: 3, head: { base: 2 }, base: { kind: 'begin' } })
    expect(unwrap(await open(world.store).read(6))).toBeUndefined()
    expect(unwrap(await open(world.store).read(99))).toBeUndefined()
  })

  it('of nothing, or of owners alone, has no standing', async () => {
    const store = new MemoryBlobStore()
    const nothing = { standing: undefined, newest: undefined, passed: 0, skipped: [] }
    expect(unwrap(await open(store).look())).toEqual(nothing)
    unwrap(await open(store).log.append(undefined, new Uint8Array(), { epoch: 'self' }))
    const owners = { standing: undefined, newest: { seq: 1 }, passed: 1, skipped: [] }
    expect(unwrap(await open(store).look())).toMatchObject(owners)
  })

  it('is looked at with two absent reads when nothing has changed', async () => {
    const counted = new FaultyBlobStore(new MemoryBlobStore())
    const world = await begun(1000, counted)
    unwrap(await world.writer.add(checkpoint('a')))
    const log = open(counted)
    const first = unwrap(await log.look())
    const before = counted.calls.length
    expect(unwrap(await log.look())).toBe(first)
    expect(counted.calls.slice(before).map(({ operation }) => operation)).toEqual(['head', 'head'])
    unwrap(await world.writer.add(checkpoint('b')))
    expect(unwrap(await log.look()).standing?.seq).toBe(4)
  })

  it('reads a record once, however many ask, and never again while it is remembered', async () => {
    const counted = new FaultyBlobStore(new MemoryBlobStore())
    const world = await begun(1000, counted)
    unwrap(await world.writer.add(checkpoint('a')))
    const gets = () => counted.calls.filter(({ operation }) => operation === 'get').length
    const log = open(counted)
    const before = gets()
    const all = await Promise.all([1, 2, 3].map(() => log.read(3)))
    expect(gets() - before).toBe(1)
    expect(all.map((one) => unwrap(one)?.entries)).toEqual([1, 2, 3].map(() => [checkpoint('a')]))
    unwrap(await log.read(3))
    unwrap(await log.read(3, { signal: new AbortController().signal }))
    expect(gets() - before).toBe(1)
    // Who brings a signal of his own does not have others stop with him.
    const fresh = open(counted)
    const aborted = fresh.read(3, { signal: AbortSignal.abort() })
    expect(await Promise.all([aborted, fresh.read(3)])).toMatchObject([
      { error: { code: 'ABORTED' } },
      { ok: true },
    ])
    const told = open(counted)
    const record = { head: all[0] && unwrap(all[0])?.head, entries: [] }
    if (record.head !== undefined) told.remember(9, { ...record, head: record.head }, 1)
    expect(unwrap(await told.read(9))).toEqual(record)
    const failing = new FaultyBlobStore(counted, {
      plan: ({ index }) => (index === 0 ? 'failed' : undefined),
    })
    const again = open(failing)
    expect(await again.read(3)).toMatchObject({ error: { code: 'IO_FAILED' } })
    expect(await again.read(3)).toMatchObject({ ok: true })
  })

  /** Spoils the record of a number. */
  async function damage(store: BlobStore, seq: number): Promise<void> {
    const key = `${PREFIX}r${seq}`
    const blob = unwrap(await store.get(key))
    const bytes = blob === undefined ? new Uint8Array(90) : unwrap(await blob.bytes())
    bytes[80] = 1 ^ (bytes[80] ?? 0)
    unwrap(await store.put(key, bytes))
  }

  const reasonOf = (reason: string, seq: number) => ({
    error: { code: 'CORRUPTED', details: { what: 'record', reason, seq } },
  })

  it('steps over damage that is the newest, and says what it stepped over', async () => {
    const world = await begun()
    for (const label of ['a', 'b', 'c']) unwrap(await world.writer.add(checkpoint(label)))
    await damage(world.store, 5)
    const { standing, skipped, passed } = unwrap(await open(world.store).look())
    expect([standing?.seq, skipped.map(({ seq }) => seq), passed]).toEqual([4, [5], 0])
  })

  it('steps over damage that only owners lie above', async () => {
    const world = await begun()
    for (const label of ['a', 'b']) unwrap(await world.writer.add(checkpoint(label)))
    const plain = blobCommitLog(world.store, PREFIX)
    await damage(world.store, 4)
    unwrap(
      await plain.append(unwrap(await plain.salvage()).tip, new Uint8Array(), { epoch: 'self' }),
    )
    const { standing, skipped, passed } = unwrap(await open(world.store).look())
    expect([standing?.seq, skipped.map(({ seq }) => seq), passed]).toEqual([3, [4], 1])
  })

  it('does not step over a newest record that is whole and makes no sense', async () => {
    const world = await begun()
    unwrap(await world.lease.append(new Uint8Array([9])))
    const senseless = reasonOf('it is cut short', 3)
    expect(await open(world.store).look()).toMatchObject(senseless)
  })

  it('of which nothing whole is left is damaged, and not new', async () => {
    const world = await begun()
    await damage(world.store, 2)
    const lost = reasonOf('nothing whole is left before it', 2)
    expect(await open(world.store).look()).toMatchObject(lost)
  })

  it('stands on its own base, and on no other operation’s', async () => {
    const world = await begun()
    unwrap(await world.writer.add(checkpoint('a')))
    await damage(world.store, 2)
    expect(await open(world.store).look()).toMatchObject({ error: { code: 'CORRUPTED' } })
    unwrap(await world.store.delete(`${PREFIX}r2`))
    const missing = reasonOf('the base of the operation is missing', 2)
    expect(await open(world.store).look()).toMatchObject(missing)
    const other = await begun()
    const base: Base = { ...unwrapStanding(other).base, operation: 'another' }
    const head: Head = { ...unwrapStanding(other).head, base: 3 }
    const payload = encodeRecord({ head, base, entries: [] })
    unwrap(await other.lease.append(payload))
    const foreign = reasonOf('it belongs to the operation "another"', 3)
    expect(await open(other.store).look()).toMatchObject(foreign)
    unwrap(await other.lease.append(encodeRecord({ head, entries: [] })))
    expect(await open(other.store).look()).toMatchObject(foreign)
  })

  it('is what its medium answers, whichever call fails', async () => {
    const medium = new MemoryBlobStore()
    const world = await begun(1000, medium)
    for (const label of ['a', 'b']) unwrap(await world.writer.add(checkpoint(label)))
    for (const isDamaged of [false, true]) {
      if (isDamaged) await damage(medium, 4)
      for (let failing = 0; failing < 60; failing++) {
        let failed = false
        const plan = ({ index }: BlobCall) => {
          failed ||= index === failing
          return index === failing ? ('failed' as const) : undefined
        }
        const looked = await open(new FaultyBlobStore(medium, { plan })).look()
        if (!failed) break
        expect(looked, `call ${failing}`).toMatchObject({ error: { code: 'IO_FAILED' } })
        expect(failing).toBeLessThan(59)
      }
    }
  })

  it('gives up after thousands of owners that left no word', async () => {
    const store = new MemoryBlobStore()
    const log = open(store)
    const read = async () => ok(undefined)
    const latest = { seq: 5000, epoch: 5000, digest: '', payload: new Uint8Array() }
    const stand = Object.assign(log, { read })
    Reflect.set(log.log, 'latest', async () => ok(latest))
    expect(await stand.look()).toMatchObject(
      reasonOf('no record of the operation is near it', 5000 - 4096),
    )
  })
})

function unwrapStanding({ writer }: Pick<World, 'writer'>): Standing {
  if (writer.standing === undefined) throw new Error('there is no standing')
  return writer.standing
}

it('what lies before a base counts only if the base keeps it', async () => {
  const world = await begun()
  const { head, base } = unwrapStanding(world)
  const kept = [
    { at: { record: 3, index: 1 }, seq: 0, label: 'a' },
    { at: { record: 5, index: 0 }, seq: 1, label: 'b' },
  ]
  const standing = { seq: 9, head: { ...head, base: 7 }, base: { ...base, kept } }
  const live = (record: number, index: number) => isLive(standing, { record, index })
  expect([live(8, 0), live(7, 0), live(3, 1), live(3, 0), live(4, 1)]).toEqual([
    true,
    false,
    true,
    false,
    false,
  ])
})
