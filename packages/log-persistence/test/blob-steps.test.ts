import {
  blobCommitLog,
  coreError,
  encodeName,
  err,
  MemoryBlobStore,
  ok,
  unwrap,
  type BlobStore,
  type CommitLog,
} from '@tidemark/core'
import { FaultyBlobStore, type BlobCall } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { decodeRecord, encodeRecord } from '../src/blob/checkpoint-record.ts'
import { fromLog } from '../src/blob/from-log.ts'
import { blobPersistence, persistenceOn, type LogStatePersistence } from '../src/index.ts'
import type { LogStateBackend, Snapshot } from '../src/log-persistence.ts'
import { runUpdate, type UpdateParts } from '../src/update.ts'

const LOG = 'example.com/log'
const one = new Uint8Array([1])
const two = new Uint8Array([2])
const quiet = { attempts: 2, pauseMs: 0, sleep: async (): Promise<void> => undefined }

/** The commit log that a store keeps a log in. */
const logOf = (store: BlobStore, logId = LOG): CommitLog =>
  blobCommitLog(store, `log/${encodeName(logId)}.`, { settle: quiet })

const instanceOf = (store: BlobStore): CommitLog => blobCommitLog(store, 'instance.')

/** A store that is prepared: its instance is there. */
async function prepared(store: BlobStore): Promise<LogStatePersistence> {
  const opened = blobPersistence(store)
  unwrap(await opened.init())
  return opened
}

describe('a record of a log', () => {
  it('is the length of the id, the id and the checkpoint', () => {
    const bytes = encodeRecord({ logId: 'aé', bytes: one })
    expect([...bytes]).toEqual([0, 3, 0x61, 0xc3, 0xa9, 1])
    expect(decodeRecord(bytes)).toEqual({ logId: 'aé', bytes: one })
    const long = 'x'.repeat(515)
    const longBytes = encodeRecord({ logId: long, bytes: two })
    expect([...longBytes.subarray(0, 2)]).toEqual([2, 3])
    expect(decodeRecord(longBytes)).toEqual({ logId: long, bytes: two })
  })

  it('is none when it is cut, empty or not UTF-8', () => {
    const whole = encodeRecord({ logId: 'ab', bytes: one })
    for (let end = 0; end < whole.length; end++) {
      expect(decodeRecord(whole.subarray(0, end)), `${end}`).toBeUndefined()
    }
    expect(decodeRecord(new Uint8Array([0, 1, 0xff, 1]))).toBeUndefined()
    expect(decodeRecord(new Uint8Array([0, 3, 0xef, 0xbb, 0xbf, 1]))?.logId).toBe('\uFEFF')
    const copy = decodeRecord(whole)
    copy?.bytes.fill(9)
    expect(decodeRecord(whole)?.bytes).toEqual(one)
  })
})

describe('a store on a medium', () => {
  it('counts revisions, and tells the loser what is stored', async () => {
    const store = await prepared(new MemoryBlobStore())
    expect(await store.snapshot(LOG)).toEqual(ok({ revision: 0, bytes: undefined }))
    expect(await store.replace(LOG, 0, one)).toEqual(ok({ revision: 1, bytes: one }))
    expect(await store.replace(LOG, 1, two)).toEqual(ok({ revision: 2, bytes: two }))
    expect(await store.snapshot(LOG)).toEqual(ok({ revision: 2, bytes: two }))
    const late = await store.replace(LOG, 1, one)
    const details = { identifier: LOG, expected: 1, actual: 2, reason: 'changed' }
    const current = { revision: 2, bytes: two }
    expect(late).toMatchObject({ error: { code: 'CONFLICT', details, current } })
  })

  it('says of itself what its medium says', () => {
    const supports = { ...new MemoryBlobStore().supports, durable: 'power', crossProcess: true }
    const medium = Object.defineProperty(new MemoryBlobStore(), 'supports', { value: supports })
    expect(blobPersistence(medium).supports).toEqual({ durable: 'power', crossProcess: true })
  })

  it('loses to a writer that comes between its look and its append', async () => {
    const medium = new MemoryBlobStore()
    await prepared(medium)
    let isFirst = true
    const gate = async ({ operation, key }: BlobCall): Promise<void> => {
      if (operation !== 'put' || !key.startsWith('log/') || !isFirst) return
      isFirst = false
      unwrap(await blobPersistence(medium).replace(LOG, 0, two))
    }
    const store = blobPersistence(new FaultyBlobStore(medium, { gate }))
    const current = { revision: 1, bytes: two }
    expect(await store.replace(LOG, 0, one)).toMatchObject({ error: { code: 'CONFLICT', current } })
  })

  it('does not know what became of a write without an answer, and says why', async () => {
    const medium = new MemoryBlobStore()
    await prepared(medium)
    let [puts, raced] = [0, false]
    const plan = ({ operation, key }: BlobCall) =>
      operation === 'put' && key.startsWith('log/') && puts++ === 0 ? ('lost' as const) : undefined
    const gate = async ({ operation, key }: BlobCall): Promise<void> => {
      if (operation !== 'get' || !key.startsWith('log/') || puts === 0 || raced) return
      raced = true
      const log = logOf(medium)
      let tip = unwrap(await log.latest())
      for (let i = 0; i < 3; i++) tip = unwrap(await log.append(tip, one))
      unwrap(await log.truncate(4, { force: true }))
      unwrap(await medium.put(`log/${encodeName(LOG)}.r1`, one))
    }
    const store = blobPersistence(new FaultyBlobStore(medium, { plan, gate }))
    const details = { operation: 'replace', key: LOG, reason: 'superseded' }
    expect(await store.replace(LOG, 0, two)).toMatchObject({
      error: { code: 'OUTCOME_UNKNOWN', details, cause: { code: 'OUTCOME_UNKNOWN' } },
    })
  })

  it('answers with what its medium answers, whichever call fails', async () => {
    const actions: Record<string, (store: LogStatePersistence) => Promise<unknown>> = {
      snapshot: (store) => store.snapshot(LOG),
      replace: (store) => store.replace(LOG, 1, two),
      logs: (store) => store.logs(),
      'the loser of a replace': (store) => store.replace(LOG, 0, two),
    }
    const told: unknown[] = []
    for (const [name, act] of Object.entries(actions)) {
      for (let failing = 0; failing < 30; failing++) {
        const medium = new MemoryBlobStore()
        unwrap(await (await prepared(medium)).replace(LOG, 0, one))
        let failed: BlobCall | undefined
        const plan = (call: BlobCall) => {
          if (call.index !== failing) return undefined
          failed = call
          return 'failed' as const
        }
        const result = await act(blobPersistence(new FaultyBlobStore(medium, { plan })))
        if (failed === undefined) break
        const { operation, key } = failed
        const what = `${name}: ${operation} ${key}`
        const isAfterPut = name === 'replace' && unwrap(await logOf(medium).latest())?.seq === 2
        const codes = isAfterPut ? ['OUTCOME_UNKNOWN'] : ['IO_FAILED', 'CONFLICT']
        expect(codes, what).toContain(codeOf(result))
        told.push(codeOf(result))
        if (codeOf(result) === 'CONFLICT')
          expect(result).toMatchObject({ error: { current: undefined } })
        expect(failing).toBeLessThan(29)
      }
    }
    // The loser has lost, whether or not it can tell to whom.
    expect(told.slice(-3)).toEqual(['IO_FAILED', 'CONFLICT', 'CONFLICT'])
  })

  it('freezes a log whose newest record is damaged, or another log’s', async () => {
    const medium = new MemoryBlobStore()
    const store = await prepared(medium)
    for (const payload of [encodeRecord({ logId: 'other', bytes: one }), new Uint8Array([9])]) {
      const log = logOf(medium)
      unwrap(await log.append(unwrap(await log.latest()), payload))
      const reason = 'this is the record of another log'
      const details = { what: 'checkpoint', identifier: LOG, reason }
      const corrupted = { error: { code: 'CORRUPTED', details } }
      expect(await store.snapshot(LOG)).toMatchObject(corrupted)
      expect(await store.replace(LOG, 0, two)).toMatchObject(corrupted)
    }
    const key = `log/${encodeName(LOG)}.r2`
    const bytes = unwrap((await unwrap(await medium.get(key))?.bytes()) ?? ok(new Uint8Array()))
    bytes[80] = 1 ^ (bytes[80] ?? 0)
    unwrap(await medium.put(key, bytes))
    const fresh = blobPersistence(medium)
    expect(await fresh.snapshot(LOG)).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(await fresh.replace(LOG, 2, two)).toMatchObject({ error: { code: 'CORRUPTED' } })
  })

  it('gives up old records with every 128th, but for the newest 64', async () => {
    const medium = new MemoryBlobStore()
    const store = await prepared(medium)
    for (let revision = 0; revision < 128; revision++) {
      if (revision === 127) expect(unwrap(await logOf(medium).read(1))?.seq).toBe(1)
      unwrap(await store.replace(LOG, revision, one))
    }
    expect(unwrap(await logOf(medium).read(64))).toBeUndefined()
    expect(unwrap(await logOf(medium).read(65))?.seq).toBe(65)
  })

  it('lists its logs', async () => {
    const store = await prepared(new MemoryBlobStore())
    for (const id of ['b', 'a']) unwrap(await store.replace(id, 0, one))
    expect(await store.logs()).toEqual(ok(['a', 'b']))
  })

  it('remembers ten thousand logs, those used last, and looks for the others again', async () => {
    const medium = new FaultyBlobStore(new MemoryBlobStore())
    const store = await prepared(medium)
    for (const id of ['used', 'old']) unwrap(await store.replace(id, 0, one))
    for (let i = 0; i < 9_998; i++) unwrap(await store.snapshot(`log ${i}`))
    const costOf = async (id: string): Promise<string[]> => {
      const before = medium.calls.length
      unwrap(await store.snapshot(id))
      return medium.calls.slice(before).map(({ operation }) => operation)
    }
    // All ten thousand are known still; with one more, the one that nobody used is forgotten.
    expect(await costOf('used')).toEqual(['head', 'head'])
    await costOf('one more')
    expect(await costOf('used')).toEqual(['head', 'head'])
    expect(await costOf('old')).toContain('get')
  })

  it('remembers where logs stand: a second look costs two absent reads', async () => {
    const medium = new FaultyBlobStore(new MemoryBlobStore())
    const store = await prepared(medium)
    unwrap(await store.replace(LOG, 0, one))
    const before = medium.calls.length
    unwrap(await store.snapshot(LOG))
    const operations = medium.calls.slice(before).map(({ operation }) => operation)
    expect(operations).toEqual(['head', 'head'])
    await store.close()
    expect(await medium.head('x')).toEqual(ok(undefined))
  })
})

function codeOf(result: unknown): unknown {
  return Reflect.get(Object(Reflect.get(Object(result), 'error')), 'code')
}

describe('the instance of a store', () => {
  const FOUND = /^[0-9a-f]{32}$/

  it('is made once, and found by all who come after', async () => {
    const medium = new MemoryBlobStore()
    const made = unwrap(await blobPersistence(medium).init())
    expect(made).toMatchObject({ created: true })
    expect(made.instanceId).toMatch(FOUND)
    const found = unwrap(await blobPersistence(medium).init())
    expect(found).toEqual({ instanceId: made.instanceId, created: false })
    const record = unwrap(await instanceOf(medium).latest())
    const line = new TextDecoder().decode(record?.payload)
    expect(line).toBe(`tidemark log state ${made.instanceId}\n`)
    const other = unwrap(await blobPersistence(new MemoryBlobStore()).init())
    expect(other.instanceId).not.toBe(made.instanceId)
  })

  it('is that of who was first, when two make it at once', async () => {
    const medium = new MemoryBlobStore()
    let first: unknown
    const gate = async ({ operation }: BlobCall): Promise<void> => {
      if (operation === 'put') first ??= unwrap(await blobPersistence(medium).init())
    }
    const second = await blobPersistence(new FaultyBlobStore(medium, { gate })).init()
    expect(second).toEqual(ok({ ...Object(first), created: false }))
  })

  it('is not made where it may not be, nor where logs are without it', async () => {
    const medium = new MemoryBlobStore()
    for (const life of [{ create: 'never' }, { instanceId: 'a'.repeat(32) }] as const) {
      const refused = await blobPersistence(medium, life).init()
      expect(refused).toMatchObject({ error: { code: 'OPEN_FAILED', details: { what: 'store' } } })
    }
    const made = unwrap(await blobPersistence(medium).init())
    const always = await blobPersistence(medium, { create: 'always' }).init()
    expect(always).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    const pinned = await blobPersistence(medium, { instanceId: made.instanceId }).init()
    expect(pinned).toMatchObject({ ok: true })
    const orphaned = new MemoryBlobStore()
    unwrap(await orphaned.put('log/n-a.r1', one))
    const reason = 'the record is missing, although there are logs'
    const details = { what: 'checkpoint', identifier: 'instance.', reason }
    expect(await blobPersistence(orphaned).init()).toMatchObject({
      error: { code: 'CORRUPTED', details },
    })
    const beside = new MemoryBlobStore()
    unwrap(await beside.put('other/n-a.r1', one))
    expect(await blobPersistence(beside).init()).toMatchObject({ ok: true })
  })

  it('that says something else is another kind of store', async () => {
    const id = '0123456789abcdef'.repeat(2)
    const line = `tidemark log state ${id}\n`
    for (const text of ['', line.slice(1), `${line} `, `x${line}`, line.replace('0', 'G')]) {
      const medium = new MemoryBlobStore()
      unwrap(await instanceOf(medium).append(undefined, new TextEncoder().encode(text)))
      const details = { reason: 'this is another kind of store', identifier: 'instance.' }
      expect(await blobPersistence(medium).init(), text).toMatchObject({
        error: { code: 'CORRUPTED', details },
      })
    }
    const medium = new MemoryBlobStore()
    unwrap(await instanceOf(medium).append(undefined, new TextEncoder().encode(line)))
    expect(unwrap(await blobPersistence(medium).init()).instanceId).toBe(id)
  })

  it('cannot be found or made on a medium that fails at any call', async () => {
    for (let failing = 0; failing < 20; failing++) {
      const medium = new MemoryBlobStore()
      let failed: BlobCall | undefined
      const plan = (call: BlobCall) => {
        if (call.index !== failing) return undefined
        failed = call
        return 'failed' as const
      }
      const made = await blobPersistence(new FaultyBlobStore(medium, { plan })).init()
      if (failed === undefined) return
      const isThere = unwrap(await instanceOf(medium).latest()) !== undefined
      const code = isThere ? 'OUTCOME_UNKNOWN' : 'IO_FAILED'
      expect(made, `${failed.operation} ${failed.key}`).toMatchObject({ error: { code } })
    }
    throw new Error('there is no end to it')
  })

  it('of who was first cannot be told on a medium that fails then, or that lost it', async () => {
    for (let failing = 0; failing < 30; failing++) {
      const medium = new MemoryBlobStore()
      let [raced, after] = [false, -1]
      const gate = async ({ operation }: BlobCall): Promise<void> => {
        if (operation !== 'put') return
        raced = true
        unwrap(await blobPersistence(medium).init())
      }
      const plan = () => (raced && ++after === failing ? ('failed' as const) : undefined)
      const made = await blobPersistence(new FaultyBlobStore(medium, { gate, plan })).init()
      if (after < failing) break
      expect(made, `call ${failing}`).toMatchObject({ error: { code: 'IO_FAILED' } })
      expect(failing).toBeLessThan(29)
    }
    const medium = new MemoryBlobStore()
    const gate = async ({ operation }: BlobCall): Promise<void> => {
      if (operation === 'put') unwrap(await blobPersistence(medium).init())
    }
    let puts = 0
    const plan = ({ operation }: BlobCall): undefined => void (puts += operation === 'put' ? 1 : 0)
    const faulty = new FaultyBlobStore(medium, { gate, plan })
    const vanishing: BlobStore = Object.assign(faulty, {
      head: async () => {
        if (puts > 0) for await (const { key } of medium.list()) unwrap(await medium.delete(key))
        return ok(undefined)
      },
    })
    const reason = 'the record vanished'
    expect(await blobPersistence(vanishing).init()).toMatchObject({
      error: { code: 'CORRUPTED', details: { reason, identifier: 'instance.' } },
    })
  })

  it('of a log that never held still is BUSY', () => {
    const restless = coreError('CONFLICT', '', { reason: 'changed' })
    const details = { operation: 'read', reason: 'the log was truncated again and again' }
    expect(fromLog(restless)).toMatchObject({ code: 'BUSY', details, cause: restless })
    const failed = coreError('IO_FAILED', '', { operation: 'get' })
    expect(fromLog(failed)).toBe(failed)
  })
})

/** A store that answers as it is told: each `true` is a defeat. */
function updateOn(defeats: readonly boolean[], change: Partial<UpdateParts> = {}) {
  const [pauses, thoughts, given] = [[] as number[], [] as boolean[], [] as unknown[]]
  let [revision, calls] = [0, 0]
  const backend: LogStateBackend = {
    supports: { durable: 'none', crossProcess: false },
    init: async () => ok({ instanceId: 'a', created: false }),
    snapshot: async (_, options): Promise<{ ok: true; value: Snapshot }> => {
      given.push(options.signal)
      return ok({ revision, bytes: revision === 0 ? undefined : one })
    },
    replace: async (_, expected, bytes, options) => {
      given.push(options.signal)
      if (!(defeats[calls++] ?? false)) return ok({ revision: expected + 1, bytes })
      revision += 1
      const details = { identifier: LOG, reason: 'changed' as const }
      return err(Object.assign(coreError('CONFLICT', '', details), { current: undefined }))
    },
    list: async () => ok([]),
    close: async () => undefined,
  }
  const parts: UpdateParts = {
    store: persistenceOn(backend),
    think: (isThinking) => void thoughts.push(isThinking),
    sleep: async (ms) => void pauses.push(ms),
    random: () => 0.5,
    ...change,
  }
  return { parts, pauses, thoughts, given, calls: () => calls }
}

describe('an update', () => {
  const revise = (): Uint8Array => two

  it('is made on what the last winner stored, with longer pauses after each defeat', async () => {
    const defeats = Array.from({ length: 7 }, () => true)
    const { parts, pauses, thoughts } = updateOn(defeats)
    const seen: unknown[] = []
    const noting = (current: Uint8Array | undefined): Uint8Array => {
      seen.push(current)
      return two
    }
    const updated = await runUpdate(parts, LOG, noting, 8, undefined)
    expect(updated).toEqual(ok({ revision: 8, bytes: two, attempts: 8 }))
    expect(seen).toEqual([undefined, ...Array.from({ length: 7 }, () => one)])
    expect(pauses).toEqual([2, 4, 8, 16, 32, 50, 50])
    expect(thoughts).toEqual(Array.from({ length: 8 }, () => [true, false]).flat())
  })

  it('is given up after so many attempts', async () => {
    const { parts, pauses, calls } = updateOn([true, true, true])
    const updated = await runUpdate(parts, LOG, revise, 2, undefined)
    expect(updated).toMatchObject({ error: { code: 'CONFLICT' } })
    expect([pauses, calls()]).toEqual([[2], 2])
  })

  it('stops at any other failure, of the look or of the write', async () => {
    const failed = coreError('IO_FAILED', '', { operation: 'x' })
    for (const broken of ['snapshot', 'replace'] as const) {
      const { parts, pauses } = updateOn([])
      const { store } = parts
      Reflect.set(store, broken, async () => err(failed))
      const updated = await runUpdate({ ...parts, store }, LOG, revise, 8, undefined)
      expect(updated).toEqual(err(failed))
      expect(pauses).toEqual([])
    }
  })

  it('stores nothing when its function fails or gives no bytes', async () => {
    const { parts, calls } = updateOn([])
    const cause = new Error('mine')
    const throwing = (): Uint8Array => {
      throw cause
    }
    const details = { logId: LOG, attempts: 1 }
    const failed = { error: { code: 'CALLBACK_FAILED', details, cause } }
    expect(await runUpdate(parts, LOG, throwing, 8, undefined)).toMatchObject(failed)
    const rejecting = (): Promise<Uint8Array> => Promise.reject(cause)
    expect(await runUpdate(parts, LOG, rejecting, 8, undefined)).toMatchObject(failed)
    expect(await runUpdate(parts, LOG, rejecting, 8, NEVER)).toMatchObject(failed)
    const odd: unknown = await Reflect.apply(runUpdate, undefined, [parts, LOG, () => 'text', 8])
    const reason = 'must give a Uint8Array'
    expect(odd).toMatchObject({
      error: { code: 'INVALID_ARGUMENT', details: { argument: 'revise', reason } },
    })
    expect(calls()).toBe(0)
  })

  const NEVER = new AbortController().signal

  it('waits for its function, with a signal and without', async () => {
    for (const signal of [undefined, NEVER]) {
      const { parts, given } = updateOn([])
      const updated = await runUpdate(parts, LOG, async () => two, 8, signal)
      expect(updated).toMatchObject({ ok: true, value: { revision: 1 } })
      expect(given).toEqual([signal, signal])
    }
  })

  it('is aborted while its function runs, and does not wait for it', async () => {
    const reason = new Error('enough')
    const aborted = { error: { code: 'ABORTED', details: { operation: 'update' }, cause: reason } }
    const { parts, calls, thoughts } = updateOn([])
    const controller = new AbortController()
    const endless = (): Promise<Uint8Array> => new Promise(() => undefined)
    const updating = runUpdate(parts, LOG, endless, 8, controller.signal)
    setTimeout(() => controller.abort(reason))
    expect(await updating).toMatchObject(aborted)
    for (const act of [
      (): Uint8Array => two,
      (): Uint8Array => {
        throw new Error('too late')
      },
      endless,
    ]) {
      const during = new AbortController()
      const aborting = (): Uint8Array | Promise<Uint8Array> => {
        during.abort(reason)
        return act()
      }
      expect(await runUpdate(parts, LOG, aborting, 8, during.signal)).toMatchObject(aborted)
    }
    expect(calls()).toBe(0)
    expect(thoughts.filter((isThinking) => !isThinking)).toHaveLength(4)
  })

  it('leaves no listener at its signal', async () => {
    const { parts } = updateOn([])
    const { signal } = new AbortController()
    const listeners: string[] = []
    const watched = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'addEventListener' || name === 'removeEventListener') {
          return (...args: Parameters<AbortSignal['addEventListener']>) => {
            listeners.push(`${name.slice(0, 3)} ${args[0]}`)
            target[name](...args)
          }
        }
        const member: unknown = Reflect.get(target, name)
        return member
      },
    })
    expect(await runUpdate(parts, LOG, async () => two, 8, watched)).toMatchObject({ ok: true })
    expect(listeners).toEqual(['add abort', 'rem abort'])
  })

  it('is aborted while it waits after a defeat, with the signal of its caller', async () => {
    const cause = new Error('stopped')
    const given: unknown[] = []
    const sleep = async (_: number, signal?: AbortSignal): Promise<void> => {
      given.push(signal)
      throw cause
    }
    const { parts } = updateOn([true], { sleep })
    expect(await runUpdate(parts, LOG, revise, 8, NEVER)).toMatchObject({
      error: { code: 'ABORTED', details: { operation: 'update' }, cause },
    })
    expect(given).toEqual([NEVER])
  })
})
