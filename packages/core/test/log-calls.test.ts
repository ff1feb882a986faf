import { describe, expect, it } from 'vitest'
import {
  MemoryBlobStore,
  unwrap,
  type BlobBody,
  type BlobStore,
  type GetOptions,
  type ListOptions,
  type PutOptions,
} from '../src/index.ts'
import type { CommitLog, Damage } from '../src/log/commit-log.ts'
import { encodeFrame, MAX_PAYLOAD_BYTES, NO_PREDECESSOR, NONCE_BYTES } from '../src/log/frame.ts'
import { floorKey, hintKey, recordKey } from '../src/log/log-keys.ts'
import {
  damage,
  fill,
  frameOf,
  openPlainLog,
  payloadOf,
  plantRecords,
  PREFIX,
} from '../src/testing/commit-log/commit-log-case.ts'
import { drain } from '../src/testing/check.ts'

/** A medium that notes what it is asked, and lets something happen before it answers. */
class NotingStore extends MemoryBlobStore {
  calls: string[] = []
  before: (call: string) => Promise<unknown> = async () => undefined
  readonly ranges: GetOptions['range'][] = []
  readonly lists: (ListOptions | undefined)[] = []
  readonly deleted: number[] = []

  override async put(key: string, body: BlobBody, options?: PutOptions) {
    await this.#note(`put ${key}${options?.durable === false ? '' : ' durable'}`)
    return super.put(key, body, options)
  }

  override async get(key: string, options?: GetOptions) {
    this.ranges.push(options?.range)
    await this.#note(`get ${key}${options?.durable === true ? ' durable' : ''}`)
    return super.get(key, options)
  }

  override async head(...[key, options]: Parameters<BlobStore['head']>) {
    await this.#note(`head ${key}`)
    return super.head(key, options)
  }

  override list(options?: ListOptions) {
    this.lists.push(options)
    return super.list(options)
  }

  override async delete(...[keys, options]: Parameters<BlobStore['delete']>) {
    this.deleted.push(typeof keys === 'string' ? 1 : keys.length)
    await this.#note('delete')
    return super.delete(keys, options)
  }

  /** What is asked of this store while something is done; keys without their prefix. */
  async during(act: () => Promise<unknown>): Promise<string[]> {
    this.calls = []
    await act()
    return this.calls
  }

  async #note(call: string): Promise<void> {
    this.calls.push(call.replaceAll(PREFIX, ''))
    await this.before(call.replaceAll(PREFIX, ''))
  }
}

const open = (store: BlobStore): CommitLog => openPlainLog(store, PREFIX)

/** A store with so many records, and what they cost forgotten. */
async function storeWith(records: number): Promise<NotingStore> {
  const store = new NotingStore()
  await plantRecords(store, records)
  return store
}

async function plantHint(store: BlobStore, text: string): Promise<void> {
  unwrap(await store.put(hintKey(PREFIX), new TextEncoder().encode(text), { durable: false }))
}

const seqsOf = async (log: CommitLog) => (await drain(log.records())).map(({ seq }) => seq)

describe('what a handle did not write itself', () => {
  it('is read durably before it is returned as newest, and plainly from then on', async () => {
    const store = await storeWith(3)
    const log = open(store)
    expect(await store.during(() => log.latest())).toContain('get r3 durable')
    expect(await store.during(() => log.read(3))).toContain('get r3')
    expect(await store.during(() => log.read(2))).toContain('get r2')
    expect(await store.during(() => open(store).read(2))).toContain('get r2 durable')
    expect(await store.during(() => open(store).salvage())).toContain('get r3 durable')
  })

  it('is read durably, once, before something is appended to it', async () => {
    const store = await storeWith(2)
    const [one, two] = [open(store), open(store)]
    const tip = unwrap(await one.latest())
    expect(await store.during(() => two.append(tip, payloadOf(3)))).toEqual([
      'get r2 durable',
      'put r3 durable',
      'head f1',
    ])
    expect(await store.during(() => two.read(2))).toEqual(['get r2', 'head f1'])
    expect(await store.during(() => two.append(tip, payloadOf(3)))).toEqual([])
  })

  it('is confirmed once, although the append after it came to nothing', async () => {
    const store = await storeWith(3)
    const log = open(store)
    const older = unwrap(await open(store).read(2))
    const append = () => log.append(older, payloadOf(3))
    expect(await store.during(append)).toContain('get r2 durable')
    expect(await store.during(append)).not.toContain('get r2 durable')
    expect(await store.during(() => log.read(3))).toContain('get r3 durable')
  })

  it('is not built on when it is known to have a successor: nothing is asked', async () => {
    const store = new NotingStore()
    const log = open(store)
    await fill(log, 2)
    expect(await store.during(() => log.append(undefined, payloadOf(1)))).toEqual([])
  })
})

describe('a hint', () => {
  it('is written with every 64th record, with no promise about power cuts', async () => {
    const store = new NotingStore()
    const log = open(store)
    const newest = await fill(log, 63)
    expect(unwrap(await store.get(hintKey(PREFIX)))).toBeUndefined()
    const calls = await store.during(() => log.append(newest, payloadOf(64)))
    expect(calls.at(-1)).toBe('put hint')
    const hint = unwrap(await store.get(hintKey(PREFIX)))
    const bytes = hint === undefined ? undefined : unwrap(await hint.bytes())
    expect(new TextDecoder().decode(bytes)).toBe('64')
  })

  it('is where an opened log begins to look, if its record exists', async () => {
    const store = await storeWith(100)
    await plantHint(store, '98')
    const calls = await store.during(() => open(store).latest())
    const steps = ['head r99', 'head r101', 'head r100']
    expect(calls).toEqual([
      'head f1',
      'get hint',
      'head r98',
      ...steps,
      'head f1',
      'get r100 durable',
      'head f1',
    ])
    await plantHint(store, '1000')
    expect(await store.during(() => open(store).latest())).toContain('head r1')
  })

  it('of any length and content costs a read and nothing else', async () => {
    const store = await storeWith(5)
    for (const text of ['x'.repeat(500_000), '-7', '1e3', '2.5', '']) {
      await plantHint(store, text)
      expect(unwrap(await open(store).latest())?.seq, text.slice(0, 9)).toBe(5)
    }
    await plantHint(store, `0000000000000004${'9'.repeat(50)}`)
    expect(await store.during(() => open(store).latest())).toContain('head r4')
  })
})

describe('a truncated log', () => {
  it('is looked for from its floor on, by a handle that knows nothing', async () => {
    const store = await storeWith(300)
    unwrap(await open(store).truncate(290))
    const calls = await store.during(() => open(store).latest())
    const asked = calls.map((call) => Number(/^head r(\d+)$/.exec(call)?.[1] ?? 1000))
    expect(Math.min(...asked)).toBe(290)
    expect(calls.slice(0, 3)).toEqual(['head f1', 'head f3', 'head f2'])
    expect(calls).toContain('get f1 durable')
  })

  it('is deleted a thousand records at a time, and not asked to delete nothing', async () => {
    const store = await storeWith(2001)
    unwrap(await open(store).truncate(2001))
    expect(store.deleted).toEqual([1000, 1000])
    expect(unwrap(await open(store).sweep()).freed).toEqual([])
    expect(store.deleted).toEqual([1000, 1000])
  })

  it('is swept of its own void records, oldest first, and of nothing else', async () => {
    const store = await storeWith(12)
    unwrap(await open(store).truncate(12, { force: true }))
    for (const seq of [3, 10]) unwrap(await store.put(recordKey(PREFIX, seq), frameOf(seq)))
    const foreign = [`${PREFIX}r3x`, `${PREFIX}rest/7`, 'log/n-other.r3']
    for (const key of foreign) unwrap(await store.put(key, new Uint8Array()))
    const swept = unwrap(await open(store).sweep())
    expect(swept).toEqual({ before: 12, freed: [3, 10], left: 0 })
    expect(store.lists).toEqual([{ prefix: `${PREFIX}r` }])
    for (const key of foreign) expect(unwrap(await store.head(key))?.key).toBe(key)
  })

  it('gives its kept records after a number, and from either end', async () => {
    const store = await storeWith(12)
    unwrap(await open(store).truncate(10, { force: true, keep: [2, 5, 7] }))
    const seqs = async (options: Parameters<CommitLog['records']>[0]) =>
      (await drain(open(store).records(options))).map(({ seq }) => seq)
    expect(await seqs({ after: 2 })).toEqual([5, 7, 10, 11, 12])
    expect(await seqs({ after: 5, reverse: true })).toEqual([12, 11, 10, 7])
  })

  it('is salvaged down to its floor, and then from what it kept', async () => {
    const store = await storeWith(12)
    unwrap(await open(store).truncate(10, { force: true, keep: [2, 5] }))
    for (const seq of [12, 11]) await damage(store, seq)
    expect(unwrap(await open(store).salvage()).record?.seq).toBe(10)
    await damage(store, 10)
    const saved = unwrap(await open(store).salvage())
    expect([saved.record?.seq, saved.tip?.seq]).toEqual([5, 12])
  })
})

describe('a walk over the records', () => {
  it('asks for eight at once, and for no more than it is to give', async () => {
    const store = await storeWith(20)
    let [now, most] = [0, 0]
    store.before = async (call) => {
      if (!call.startsWith('get r')) return
      most = Math.max(most, (now += 1))
      await new Promise((resolve) => setTimeout(resolve))
      now -= 1
    }
    expect(await drain(open(store).records())).toHaveLength(20)
    expect(most).toBe(8)
    const calls = await store.during(() => drain(open(store).records({ limit: 8 })))
    expect(calls.filter((call) => call.startsWith('get r'))).toHaveLength(8)
  })

  it('passes over what is truncated meanwhile', async () => {
    const store = await storeWith(9)
    let truncating: Promise<unknown> | undefined
    store.before = async (call) => {
      if (!/^get r[1-4]/.test(call)) return
      truncating ??= open(store).truncate(5, { force: true })
      await truncating
    }
    expect(await seqsOf(open(store))).toEqual([5, 6, 7, 8, 9])
  })

  it('tells of a record of a newer version, and passes it over when asked to', async () => {
    const store = await storeWith(3)
    const newer = frameOf(2)
    newer[4] = 9
    unwrap(await store.put(recordKey(PREFIX, 2), newer))
    const found: Damage[] = []
    const log = open(store)
    const records = await drain(log.records({ onDamage: (one) => void found.push(one) }))
    expect(records.map(({ seq }) => seq)).toEqual([1, 3])
    const details = { what: 'record', found: 9, supported: 1 }
    expect(found).toMatchObject([{ seq: 2, error: { code: 'UNSUPPORTED_VERSION', details } }])
  })
})

describe('damage', () => {
  it('is told with the key, the number, what it is and the last whole record', async () => {
    const store = await storeWith(3)
    await damage(store, 3)
    const reason = 'its digest does not match'
    const details = { what: 'record', reason, key: recordKey(PREFIX, 3), seq: 3 }
    expect(await open(store).read(3)).toMatchObject({ error: { code: 'CORRUPTED', details } })
    const latest = await open(store).latest()
    const expected = { code: 'CORRUPTED', details: { ...details, lastGoodSeq: 2 } }
    expect(latest).toMatchObject({ error: expected })
    unwrap(await store.put(recordKey(PREFIX, 3), frameOf(2)))
    expect(await open(store).read(3)).toMatchObject({
      error: { details: { reason: 'it is record 2' } },
    })
  })

  it('of a floor is told with the floor', async () => {
    const store = await storeWith(3)
    const nonce = new Uint8Array(NONCE_BYTES)
    const rest = { seq: 1, epoch: 0, nonce, predecessor: NO_PREDECESSOR }
    const frame = encodeFrame({ kind: 'floor', payload: new Uint8Array(8), ...rest })
    unwrap(await store.put(floorKey(PREFIX, 1), frame))
    const details = { reason: 'its numbers make no sense', key: floorKey(PREFIX, 1), seq: 1 }
    expect(await open(store).latest()).toMatchObject({ error: { code: 'CORRUPTED', details } })
  })

  it('is a newest record that is gone although the log was truncated up to it', async () => {
    const store = await storeWith(3)
    unwrap(await open(store).truncate(3, { force: true }))
    unwrap(await store.delete(recordKey(PREFIX, 3)))
    const reason = 'the newest record is missing'
    const details = { what: 'record', reason, key: recordKey(PREFIX, 3), seq: 3 }
    expect(await open(store).latest()).toMatchObject({ error: { code: 'CORRUPTED', details } })
  })

  it('is a record that is missing among damaged ones, and is stepped over like them', async () => {
    const store = await storeWith(5)
    await damage(store, 5)
    unwrap(await store.delete(recordKey(PREFIX, 4)))
    // A handle that has seen record 4 does not stop where it was.
    await plantHint(store, '5')
    const { record, tip, skipped } = unwrap(await open(store).salvage())
    expect([record?.seq, tip?.seq]).toEqual([3, 5])
    const details = { what: 'record', reason: 'it is missing', seq: 4 }
    expect(skipped).toMatchObject([{ seq: 5 }, { seq: 4, error: { code: 'CORRUPTED', details } }])
  })

  it('is a record longer than any can be; of more than that nothing is read', async () => {
    const store = new NotingStore()
    const log = open(store)
    const longest = new Uint8Array(MAX_PAYLOAD_BYTES).fill(1)
    const first = unwrap(await log.append(undefined, longest))
    expect(unwrap(await open(store).latest())?.payload.length).toBe(MAX_PAYLOAD_BYTES)
    const details = { limit: 'record', maximum: MAX_PAYLOAD_BYTES, actual: MAX_PAYLOAD_BYTES + 1 }
    expect(await log.append(first, new Uint8Array(MAX_PAYLOAD_BYTES + 1))).toMatchObject({
      error: { code: 'LIMIT_EXCEEDED', details },
    })
    unwrap(await store.put(recordKey(PREFIX, 2), new Uint8Array(MAX_PAYLOAD_BYTES + 500)))
    expect(await open(store).read(2)).toMatchObject({
      error: { details: { reason: 'longer than any record' } },
    })
    expect(store.ranges.at(-1)).toEqual({ start: 0, end: MAX_PAYLOAD_BYTES + 109 })
  })
})

describe('a log that changes while it is read', () => {
  /** Appends a record and truncates up to it, each time that a call is begun. */
  async function restless(begin: string): Promise<{ store: NotingStore; rounds: () => number }> {
    const quiet = await storeWith(1)
    const other = open(quiet)
    let [rounds, isBusy] = [0, false]
    quiet.before = async (call) => {
      if (isBusy || !call.startsWith(begin)) return
      isBusy = true
      rounds += 1
      const next = unwrap(await other.append(unwrap(await other.latest()), payloadOf(1)))
      unwrap(await other.truncate(next.seq, { force: true }))
      isBusy = false
    }
    return { store: quiet, rounds: () => rounds }
  }

  const restlessness = { error: { code: 'CONFLICT', details: { reason: 'changed' } } }

  it.each([
    ['latest', 'get r', (log: CommitLog) => log.latest()],
    ['salvage', 'get r', (log: CommitLog) => log.salvage()],
    ['the search for the newest number', 'get hint', (log: CommitLog) => log.latest()],
  ])('and never holds still is given up by %s after a hundred rounds', async (_, begin, act) => {
    const { store, rounds } = await restless(begin)
    expect(await act(open(store))).toMatchObject(restlessness)
    expect(rounds()).toBe(100)
  })

  it('and is truncated by another each time is given up by truncate after a hundred', async () => {
    const store = await storeWith(300)
    let [rounds, isBusy] = [0, false]
    store.before = async (call) => {
      if (isBusy || !call.startsWith('put f')) return
      isBusy = true
      rounds += 1
      unwrap(await open(store).truncate(rounds + 1, { force: true }))
      isBusy = false
    }
    expect(await open(store).truncate(250)).toMatchObject(restlessness)
    expect(rounds).toBe(100)
  })

  it('is salvaged as it is after the change', async () => {
    const store = await storeWith(6)
    await damage(store, 6)
    let isFirst = true
    store.before = async (call) => {
      if (!call.startsWith('get r') || !isFirst) return
      isFirst = false
      const other = open(store)
      const { tip } = unwrap(await other.salvage())
      unwrap(await other.append(tip, payloadOf(7)))
      unwrap(await other.truncate(7, { force: true }))
    }
    const saved = unwrap(await open(store).salvage())
    expect([saved.record?.seq, saved.tip?.seq, saved.skipped]).toEqual([7, 7, []])
  })

  it('is truncated on top of what another truncation kept and freed', async () => {
    const store = await storeWith(12)
    let isFirst = true
    store.before = async (call) => {
      if (!call.startsWith('put f1') || !isFirst) return
      isFirst = false
      unwrap(await open(store).truncate(6, { force: true, keep: [2] }))
    }
    const report = unwrap(await open(store).truncate(9, { force: true, keep: [2, 7] }))
    expect(report).toEqual({ before: 9, freed: [6, 8], left: 0 })
    expect(await seqsOf(open(store))).toEqual([2, 7, 9, 10, 11, 12])
  })

  it('is looked at again when the newest record is gone by the time it is read', async () => {
    const store = await storeWith(3)
    store.before = async (call) => {
      if (call === 'get r3 durable') unwrap(await store.delete(recordKey(PREFIX, 3)))
    }
    expect(unwrap(await open(store).latest())?.seq).toBe(2)
  })
})
