import {
  blobCommitLog,
  coreError,
  err,
  MemoryBlobStore,
  ok,
  systemClock,
  unwrap,
  type BlobStore,
  type CommitLog,
  type Lease,
  type LogRecord,
  type Seq,
} from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { createManifest, openStreamStore } from '../src/index.ts'
import { Collector } from '../src/native/collector.ts'
import { MAX_WINDOW, newHead, SEGMENT_ENTRIES, type Entry, type Head } from '../src/native/head.ts'
import { headFinder, readSegment } from '../src/native/history.ts'
import { Ledger, type Change, type LedgerParts, type Planner } from '../src/native/ledger.ts'
import type { StoreEvent } from '../src/native/options.ts'
import { decodeContent, decodeHead } from '../src/native/record.ts'
import {
  loadNewest,
  noneUsable,
  recoverNative,
  type Recoverer,
} from '../src/native/recover-native.ts'
import { faultyMedium, present } from './support/media.ts'

const STORE_ID = '0123456789abcdef0123456789abcdef'

const entry = (id: bigint, seq: number): Entry => ({
  id,
  epoch: id,
  status: 'committed',
  seq,
  blobs: [],
  bytes: 0,
  createdMs: 0,
})

/** A lease on a log that can be lost, or answer as it is told. */
class HandLease implements Lease {
  readonly epoch = 5
  readonly found = undefined
  readonly takenOverFrom = undefined
  readonly skipped = []
  readonly #controller = new AbortController()
  readonly lost = this.#controller.signal
  newest: LogRecord
  readonly answers: Awaited<ReturnType<Lease['append']>>[] = []
  readonly given: Parameters<Lease['append']>[1][] = []
  isClosed = false
  readonly #log: CommitLog

  constructor(log: CommitLog, newest: LogRecord) {
    this.#log = log
    this.newest = newest
  }

  async append(
    payload: Uint8Array,
    options?: Parameters<Lease['append']>[1],
  ): ReturnType<Lease['append']> {
    this.given.push(options)
    const answer = this.answers.shift()
    if (answer !== undefined) return answer
    this.newest = unwrap(await this.#log.append(this.newest, payload))
    return ok(this.newest)
  }

  lose(): void {
    this.#controller.abort()
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A ledger over a log that holds one record, its owner's. */
async function open(head: Head = newHead(STORE_ID), change: Partial<LedgerParts> = {}) {
  const store = new MemoryBlobStore()
  const log = blobCommitLog(store, 'log/')
  const owner = unwrap(await log.append(undefined, new Uint8Array()))
  const lease = new HandLease(log, owner)
  let changes = 0
  const truncations: [Seq, readonly Seq[] | undefined][] = []
  const noting: CommitLog = {
    append: (...args) => log.append(...args),
    latest: (options) => log.latest(options),
    salvage: (options) => log.salvage(options),
    read: (seq, options) => log.read(seq, options),
    records: (options) => log.records(options),
    sweep: (options) => log.sweep(options),
    truncate: (before, options) => {
      truncations.push([before, options?.keep])
      return log.truncate(before, options)
    },
  }
  const collector = new Collector(store, undefined, 0)
  const afterChange = (): void => void (changes += 1)
  const parts = { log: noting, lease, collector, spills: true, afterChange, ...change }
  const ledger = new Ledger(parts, { head, seq: 0, damaged: [] })
  return { store, log, lease, ledger, truncations, changes: () => changes }
}

/** What a record says. */
async function recordAt(log: CommitLog, seq: number) {
  const { payload } = present(unwrap(await log.read(seq)))
  return { head: unwrap(decodeHead(payload, seq)), ...unwrap(decodeContent(payload, seq)) }
}

/** Adds a checkpoint. */
const adding =
  (id: bigint, more: Partial<Change<string>> = {}): Planner<string> =>
  (head, seq) =>
    ok({
      head: { ...head, nextId: id + 1n, entries: [...head.entries, entry(id, seq)] },
      value: `made in ${seq}`,
      ...more,
    })

describe('a change of a store', () => {
  it('is one record after the newest, made from the head before it', async () => {
    const { ledger, log, changes } = await open()
    const inline = new Uint8Array([1, 2])
    expect(await ledger.change(adding(1n, { inline }))).toEqual(ok('made in 2'))
    expect(await ledger.change(adding(2n))).toEqual(ok('made in 3'))
    const head = { ...newHead(STORE_ID), nextId: 3n, entries: [entry(1n, 2), entry(2n, 3)] }
    expect(ledger.head).toEqual(head)
    expect(ledger.found).toEqual({ head, seq: 3, damaged: [] })
    expect(await recordAt(log, 2)).toMatchObject({ inline, body: { slots: [], segment: [] } })
    expect(await recordAt(log, 3)).toMatchObject({ head, inline: new Uint8Array() })
    expect([changes(), ledger.epoch]).toEqual([2, 5])
  })

  it('holds the checkpoint that it is about', async () => {
    const { ledger, log } = await open()
    const manifest = createManifest({ checkpointId: 1, epoch: 1 })
    unwrap(await ledger.change(adding(1n, { body: { manifest } })))
    expect((await recordAt(log, 2)).body).toMatchObject({ manifest, slots: [], segment: [] })
  })

  it('waits for those that were asked for before, whatever became of them', async () => {
    const { ledger, lease } = await open()
    lease.answers.push(err(coreError('IO_FAILED', '', { operation: 'put' })))
    const broken: Planner<string> = () => Promise.reject(new Error('mine'))
    const all = [ledger.change(adding(1n)), ledger.change(broken), ledger.change(adding(2n))]
    const [failed, thrown, made] = await Promise.allSettled(all)
    expect(failed).toMatchObject({ value: { error: { code: 'IO_FAILED' } } })
    expect(thrown).toMatchObject({ status: 'rejected', reason: { message: 'mine' } })
    expect(made).toMatchObject({ value: { ok: true, value: 'made in 2' } })
    expect(ledger.head.entries).toEqual([entry(2n, 2)])
  })

  it('that is refused, or needs nothing, leaves no record', async () => {
    const { ledger, lease, changes } = await open()
    const refusal = coreError('CHECKPOINT_NOT_FOUND', '', { identifier: '1' })
    expect(await ledger.change(() => err(refusal))).toEqual(err(refusal))
    expect(await ledger.change(() => ok({ value: 'as it was' }))).toEqual(ok('as it was'))
    lease.answers.push(err(coreError('NO_SPACE', '', { operation: 'put' })))
    const before = ledger.found
    expect(await ledger.change(adding(1n))).toMatchObject({ error: { code: 'NO_SPACE' } })
    expect([lease.newest.seq, changes(), ledger.found]).toEqual([1, 0, before])
  })

  it('passes the caller’s options on, and what the collector deleted is not named again', async () => {
    const tidied: Head[] = []
    class Tidying extends Collector {
      override tidy(head: Head): Head {
        tidied.push(head)
        return { ...head, garbage: [] }
      }
    }
    const garbage = [{ blobs: ['x'], sinceMs: 0, id: 1n }]
    const collector = new Tidying(new MemoryBlobStore(), undefined, 0)
    const { ledger, lease } = await open({ ...newHead(STORE_ID), garbage }, { collector })
    const options = { signal: new AbortController().signal }
    unwrap(await ledger.change(adding(1n), options))
    expect(lease.given).toEqual([options])
    expect(tidied).toMatchObject([{ garbage }])
    expect(ledger.head.garbage).toEqual([])
  })

  it('of an owner that is displaced is refused with the reason, and not even planned', async () => {
    const { ledger, lease } = await open()
    expect(ledger.isDisplaced).toBe(false)
    lease.lose()
    expect(ledger.isDisplaced).toBe(true)
    const fenced = coreError('FENCED', '', { what: 'store', epoch: 5, by: 6 })
    lease.answers.push(err(fenced))
    let planned = 0
    const planner: Planner<string> = () => ((planned += 1), ok({ value: '' }))
    expect(await ledger.change(planner)).toEqual(err(fenced))
    expect(planned).toBe(0)
    // A lease that is lost and appends all the same would be a mistake of ours.
    await expect(ledger.change(planner)).rejects.toThrow(TypeError)
  })

  it('too large for a record is refused, and one that just fits is not', async () => {
    const { ledger, lease } = await open()
    const large = (bytes: number) => adding(1n, { inline: new Uint8Array(bytes) })
    const maximum = 16 * 1024 * 1024
    const tooLong = await ledger.change(large(maximum))
    const details = { limit: 'record', maximum }
    expect(tooLong).toMatchObject({ error: { code: 'LIMIT_EXCEEDED', details } })
    const { actual = 0 } = tooLong.ok
      ? {}
      : { actual: Number(Reflect.get(Object(tooLong.error.details), 'actual')) }
    const around = actual - maximum
    expect(around).toBeGreaterThan(0)
    expect(await ledger.change(large(maximum - around + 1))).toMatchObject({ ok: false })
    expect(lease.newest.seq).toBe(1)
    expect(await ledger.change(large(maximum - around))).toMatchObject({ ok: true })
  })
})

describe('old entries', () => {
  const full = (): Head => {
    const entries = Array.from({ length: MAX_WINDOW }, (_, i) => entry(BigInt(i + 1), 2))
    return { ...newHead(STORE_ID), nextId: BigInt(MAX_WINDOW + 1), entries }
  }

  it('move to a segment in the record of a change, when they are too many', async () => {
    const { ledger, log } = await open(full())
    unwrap(await ledger.change(adding(BigInt(MAX_WINDOW + 1))))
    expect(ledger.head.entries).toHaveLength(MAX_WINDOW + 1 - SEGMENT_ENTRIES)
    const [segment] = ledger.head.segments
    expect(segment).toMatchObject({ seq: 2, count: SEGMENT_ENTRIES, firstId: 1n })
    const moved = unwrap(await readSegment(log, present(segment)))
    expect(moved).toHaveLength(SEGMENT_ENTRIES)
    expect((await recordAt(log, 2)).head).toEqual(ledger.head)
  })

  it('stay where a limit keeps them few, and where the change brings a segment itself', async () => {
    const bounded = await open(full(), { spills: false })
    unwrap(await bounded.ledger.change(adding(BigInt(MAX_WINDOW + 1))))
    expect(bounded.ledger.head.segments).toEqual([])
    expect((await recordAt(bounded.log, 2)).body.segment).toEqual([])
    const { ledger, log } = await open(full())
    const segment = [entry(1n, 2)]
    unwrap(await ledger.change(adding(BigInt(MAX_WINDOW + 1), { body: { segment } })))
    expect(ledger.head.entries).toHaveLength(MAX_WINDOW + 1)
    expect((await recordAt(log, 2)).body.segment).toEqual(segment)
  })
})

describe('old records', () => {
  /** Makes changes until the log has so many records; each replaces the one entry. */
  async function changeUpTo(ledger: Ledger, last: number, head: (head: Head, seq: number) => Head) {
    for (let seq = ledger.found.seq + 1; ledger.found.seq < last; seq++) {
      unwrap(await ledger.change((before, at) => ok({ head: head(before, at), value: '' })))
    }
  }

  it('are given up with every 64th, down to the lowest that is live', async () => {
    const { ledger, truncations, log, lease } = await open()
    await changeUpTo(ledger, 127, (head, seq) => ({ ...head, entries: [entry(1n, seq)] }))
    await ledger.close()
    expect(truncations).toEqual([[64, []]])
    const live = (head: Head, seq: number): Head => ({
      ...head,
      entries: [entry(1n, 3), entry(2n, 70), entry(3n, seq)],
      segments: [{ seq: 66, firstId: 9n, lastId: 9n, count: 1, lowestSeq: 66 }],
    })
    unwrap(await ledger.change((head, seq) => ok({ head: live(head, seq), value: '' })))
    await ledger.close()
    expect(truncations.at(-1)).toEqual([66, [3]])
    expect(unwrap(await log.read(3))?.seq).toBe(3)
    expect(unwrap(await log.read(4))).toBeUndefined()
    expect(lease.isClosed).toBe(true)
  })

  it('are given up before the ledger is closed, one truncation after another', async () => {
    const order: string[] = []
    const store = new MemoryBlobStore()
    const plain = blobCommitLog(store, 'log/')
    const slow: CommitLog = {
      ...plain,
      truncate: async (before) => {
        order.push(`begin ${before}`)
        await new Promise((resolve) => setTimeout(resolve, 5))
        order.push(`end ${before}`)
        return ok({ before, freed: [], left: 0 })
      },
    }
    const { ledger, lease } = await open(newHead(STORE_ID), { log: slow })
    await changeUpTo(ledger, 128, (head) => head)
    expect(order).not.toContain('end 128')
    const closing = ledger.close()
    expect(lease.isClosed).toBe(false)
    await closing
    expect(order).toEqual(['begin 64', 'end 64', 'begin 128', 'end 128'])
    expect(lease.isClosed).toBe(true)
  })

  it('are not asked for before, and a change in flight is waited for when it closes', async () => {
    const { ledger, truncations, lease } = await open()
    await changeUpTo(ledger, 62, (head) => head)
    const last = ledger.change(adding(1n))
    await ledger.close()
    expect([lease.isClosed, truncations]).toEqual([true, []])
    expect(await last).toMatchObject({ ok: true })
  })
})

const manifest = (id: number, rest = {}) =>
  createManifest({ checkpointId: id, epoch: 10 + id, ...rest })

/** A store with checkpoints, as recovery sees it. */
async function recovererOf(medium: BlobStore, ids: readonly number[]): Promise<Recoverer> {
  const store = unwrap(await openStreamStore({ store: medium, keep: Infinity }))
  for (const id of ids) unwrap(await store.save(manifest(id)))
  await store.close()
  return reader(medium)
}

function reader(medium: BlobStore): Recoverer {
  const log = blobCommitLog(medium, 'log/')
  const clock = { ...systemClock, sleep: async (): Promise<void> => undefined }
  return { view: { store: medium, log, current: headFinder(log) }, clock }
}

/** Spoils a record. */
async function damage(medium: BlobStore, seq: number): Promise<void> {
  unwrap(await medium.put(`log/r${seq}`, new Uint8Array(200)))
}

async function seqOf({ view }: Recoverer, id: bigint): Promise<number> {
  const { head } = unwrap(await view.current())
  return present(head?.entries.find((one) => one.id === id)).seq
}

describe('recovery', () => {
  it('of an empty store is a fresh start, and says that there was nothing', async () => {
    const recoverer = await recovererOf(new MemoryBlobStore(), [])
    const report = unwrap(await recoverNative(recoverer, 1))
    expect(report).toEqual({
      chosenId: undefined,
      chosenEpoch: undefined,
      skipped: [],
      examined: 0,
      visited: 0,
      freshStart: 'empty',
      elapsedMs: report.elapsedMs,
    })
    expect(unwrap(await recoverNative(reader(new MemoryBlobStore()), 1)).freshStart).toBe('empty')
    expect(unwrap(await loadNewest(reader(new MemoryBlobStore()), noEvent))).toBeUndefined()
  })

  const noEvent = (event: StoreEvent): never => {
    throw new Error(`unexpected ${event.kind}`)
  }

  it('chooses the newest that is whole, and looks at none behind it', async () => {
    const medium = new MemoryBlobStore()
    const recoverer = await recovererOf(medium, [1, 2, 3])
    const begun = performance.now()
    const report = unwrap(await recoverNative(recoverer, 1))
    expect(report).toMatchObject({ chosenId: 3n, chosenEpoch: 13n, skipped: [], freshStart: 'no' })
    expect([report.examined, report.visited]).toEqual([3, 1])
    expect(report).not.toHaveProperty('checksumRule')
    expect(report.elapsedMs).toBeLessThanOrEqual(performance.now() - begun + 1)
    expect(report.elapsedMs).toBeGreaterThanOrEqual(0)
    const newest = unwrap(await loadNewest(recoverer, noEvent))
    const revision = await seqOf(recoverer, 3n)
    expect(newest).toEqual({
      manifest: manifest(3, { timestampMs: newest?.manifest.timestampMs }),
      revision,
    })
  })

  it('says by which rule the state was found whole', async () => {
    const medium = new MemoryBlobStore()
    const store = unwrap(await openStreamStore({ store: medium, keep: Infinity }))
    unwrap(await store.saveWithState(manifest(1), [new Uint8Array([1, 2, 3])]))
    await store.close()
    const report = unwrap(await recoverNative(reader(medium), 1))
    expect(report).toMatchObject({ chosenId: 1n })
    expect(report.checksumRule).toBeTypeOf('string')
  })

  it('passes over what is damaged or gone, with its number and record', async () => {
    const medium = new MemoryBlobStore()
    const recoverer = await recovererOf(medium, [1, 2, 3, 4])
    const [two, three] = [await seqOf(recoverer, 2n), await seqOf(recoverer, 3n)]
    unwrap(await medium.delete(`log/r${three}`))
    await damage(medium, two)
    const fresh = reader(medium)
    const { view } = fresh
    const head = present(unwrap(await view.current()).head)
    const entries = head.entries.filter(({ id }) => id !== 4n)
    const without: Recoverer = {
      ...fresh,
      view: {
        ...view,
        current: async () => ok({ head: { ...head, entries }, seq: 9, damaged: [] }),
      },
    }
    const report = unwrap(await recoverNative(without, 1))
    expect(report).toMatchObject({
      chosenId: 1n,
      examined: 3,
      visited: 3,
      skipped: [
        { checkpointId: 3n, seq: three, fault: 'missing' },
        { checkpointId: 2n, seq: two, fault: 'corrupt' },
      ],
    })
    const events: StoreEvent[] = []
    const newest = unwrap(await loadNewest(without, (event) => void events.push(event)))
    expect(newest?.manifest.checkpointId).toBe(1n)
    const told = report.skipped.map(({ checkpointId, seq, fault }) => ({
      checkpointId,
      seq,
      fault,
    }))
    expect(events).toMatchObject([{ kind: 'degraded', skipped: told }])
    for (const { reason } of report.skipped) expect(reason).not.toBe('')
  })

  it('of which nothing can be used refuses a fresh start, unless it is asked for', async () => {
    const medium = new MemoryBlobStore()
    const recoverer = await recovererOf(medium, [1, 2])
    const seqs = [await seqOf(recoverer, 2n), await seqOf(recoverer, 1n)]
    const { view } = recoverer
    const found = unwrap(await view.current())
    const held: Recoverer = { ...recoverer, view: { ...view, current: async () => ok(found) } }
    for (const seq of seqs) await damage(medium, seq)
    const report = unwrap(await recoverNative(held, 1))
    expect(report).toMatchObject({ chosenId: undefined, visited: 2, freshStart: 'refused' })
    const skipped = [
      { checkpointId: '2', seq: seqs[0] },
      { checkpointId: '1', seq: seqs[1] },
    ]
    expect(await loadNewest(held, noEvent)).toMatchObject({
      error: { code: 'NO_USABLE_CHECKPOINT', details: { skipped } },
    })
    const fresh = await loadNewest(held, noEvent, { allowFreshStart: true })
    expect(fresh).toEqual(ok(undefined))
    expect(await loadNewest(held, noEvent, { allowFreshStart: false })).toMatchObject({ ok: false })
  })

  it('with damage and no head at all is no fresh start', async () => {
    const damaged = [{ seq: 4, fault: 'corrupt' as const, reason: 'spoilt' }]
    const bare = reader(new MemoryBlobStore())
    const current = async () => ok({ head: undefined, seq: 0, damaged })
    const headless: Recoverer = { ...bare, view: { ...bare.view, current } }
    const report = unwrap(await recoverNative(headless, 1))
    expect(report).toMatchObject({
      examined: 0,
      visited: 0,
      freshStart: 'refused',
      skipped: damaged,
    })
    expect(await loadNewest(headless, noEvent)).toMatchObject({
      error: { code: 'NO_USABLE_CHECKPOINT', details: { skipped: [{ seq: 4, reason: 'spoilt' }] } },
    })
  })

  it('tells of twenty that cannot be used, and of no member that is not known', () => {
    const many = Array.from({ length: 30 }, (_, i) => ({
      checkpointId: BigInt(i),
      fault: 'corrupt' as const,
      reason: 'spoilt',
    }))
    const error = noneUsable([
      { checkpointId: undefined, seq: 7, fault: 'corrupt', reason: 'r' },
      ...many,
    ])
    expect(error.details).toMatchObject({})
    const skipped: unknown = Reflect.get(Object(error.details), 'skipped')
    expect(skipped).toHaveLength(20)
    expect(skipped).toEqual([
      { seq: 7, reason: 'r' },
      ...many.slice(0, 19).map(({ checkpointId }) => ({
        checkpointId: String(checkpointId),
        reason: 'spoilt',
      })),
    ])
  })

  it('is blocked by a medium that fails at any call, and steps over nothing for it', async () => {
    const medium = new MemoryBlobStore()
    await recovererOf(medium, [1, 2])
    const acts = [
      (recoverer: Recoverer) => recoverNative(recoverer, 1),
      (recoverer: Recoverer) => loadNewest(recoverer, noEvent, { allowFreshStart: true }),
    ]
    for (const act of acts) {
      for (let down = 0; down < 40; down++) {
        let calls = 0
        const failing = faultyMedium(medium, () => (calls++ >= down ? 'refused' : 'ok'))
        const answer = await act(reader(failing))
        if (answer.ok) {
          expect(calls).toBe(down)
          break
        }
        expect(answer, `call ${down}`).toMatchObject({ error: { code: 'RECOVERY_BLOCKED' } })
        expect(down).toBeLessThan(39)
      }
    }
    const denied = coreError('IO_FAILED', '', { operation: 'get', reason: 'permission' })
    const bare = reader(medium)
    const current = async () => err(denied)
    for (const act of acts) {
      expect(await act({ ...bare, view: { ...bare.view, current } })).toEqual(err(denied))
    }
  })

  it('reads far checkpoints when it gets there, and is blocked when it cannot', async () => {
    const medium = new MemoryBlobStore()
    const recoverer = await recovererOf(medium, [1])
    const { view } = recoverer
    const head = present(unwrap(await view.current()).head)
    const far = { seq: 99, firstId: 1n, lastId: 1n, count: 1, lowestSeq: 2 }
    const current = async () =>
      ok({ head: { ...head, entries: [], segments: [far] }, seq: 9, damaged: [] })
    const gone: Recoverer = { ...recoverer, view: { ...view, current } }
    expect(await recoverNative(gone, 1)).toMatchObject({ error: { code: 'HEAD_LOST' } })
    expect(await loadNewest(gone, noEvent)).toMatchObject({ error: { code: 'HEAD_LOST' } })
  })

  it('passes over one that was pruned while it looked', async () => {
    const medium = new MemoryBlobStore()
    const recoverer = await recovererOf(medium, [1, 2])
    const { view } = recoverer
    const whole = unwrap(await view.current())
    const head = present(whole.head)
    const pruned = { ...head, entries: head.entries.filter(({ id }) => id !== 2n) }
    let looks = 0
    const current = async () => ok(looks++ === 0 ? whole : { ...whole, head: pruned })
    const newest = await loadNewest({ ...recoverer, view: { ...view, current } }, noEvent)
    expect(unwrap(newest)?.manifest.checkpointId).toBe(1n)
  })

  it('is stopped by the signal of its caller', async () => {
    const medium = new MemoryBlobStore()
    await recovererOf(medium, [1])
    const options = { signal: AbortSignal.abort() }
    const stopped = { error: { code: 'ABORTED' } }
    expect(await recoverNative(reader(medium), 1, options)).toMatchObject(stopped)
    expect(await loadNewest(reader(medium), noEvent, options)).toMatchObject(stopped)
  })
})
