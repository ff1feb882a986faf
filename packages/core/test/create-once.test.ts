import { describe, expect, it, vi } from 'vitest'
import {
  coreError,
  err,
  MemoryBlobStore,
  ok,
  unwrap,
  type AsyncResult,
  type BlobInfo,
  type GetOptions,
  type PutError,
  type PutOptions,
  type ReadError,
  type StoredBlob,
} from '../src/index.ts'
import { createOnce, SETTLE } from '../src/log/create-once.ts'

const OURS = new Uint8Array([1, 2, 3])
const THEIRS = new Uint8Array([1, 2, 4])
const KEY = 'a'

type Answer = 'created' | 'taken' | 'lost' | 'failed' | 'sync-failed'
type Look = 'ours' | 'theirs' | 'absent' | 'failed' | 'unreadable'

/** A medium that answers as it is told, and notes what it was asked. */
class ScriptedStore extends MemoryBlobStore {
  readonly puts: (PutOptions | undefined)[] = []
  readonly gets: (GetOptions | undefined)[] = []
  readonly #answers: readonly Answer[]
  readonly #looks: readonly Look[]

  constructor(answers: readonly Answer[], looks: readonly Look[] = []) {
    super()
    this.#answers = answers
    this.#looks = looks
  }

  override async put(
    key: string,
    _: unknown,
    options?: PutOptions,
  ): AsyncResult<BlobInfo, PutError> {
    const answer = this.#answers[this.puts.push(options) - 1] ?? 'lost'
    if (answer === 'created') return super.put(key, OURS)
    if (answer === 'taken') return err(coreError('CONFLICT', '', { key, reason: 'taken' }))
    if (answer === 'lost') {
      return err(coreError('OUTCOME_UNKNOWN', '', { operation: 'put', reason: 'no-answer' }))
    }
    const reason = answer === 'failed' ? {} : { reason: 'sync-failed' as const }
    return err(coreError('IO_FAILED', '', { operation: 'put', ...reason }))
  }

  override async get(
    key: string,
    options?: GetOptions,
  ): AsyncResult<StoredBlob | undefined, ReadError> {
    const look = this.#looks[this.gets.push(options) - 1] ?? 'absent'
    const failure = err(coreError('IO_FAILED', '', { operation: 'get' }))
    if (look === 'failed') return failure
    if (look === 'absent') return ok(undefined)
    unwrap(await super.put(key, look === 'ours' ? OURS : THEIRS))
    const found = await super.get(key)
    if (look !== 'unreadable' || !found.ok || found.value === undefined) return found
    return ok({ ...found.value, bytes: async () => failure })
  }
}

async function create(store: ScriptedStore) {
  const pauses: number[] = []
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms)
  const settle = { attempts: 4, pauseMs: 10, sleep }
  const created = await createOnce(store, KEY, OURS, settle, { signal: NEVER })
  return { end: created.ok ? created.value : created.error.code, pauses }
}

const NEVER = new AbortController().signal

describe('a create', () => {
  it('that is answered at once is not repeated', async () => {
    for (const [answer, end] of [
      ['created', 'created'],
      ['taken', 'taken'],
      ['failed', 'IO_FAILED'],
    ] as const) {
      const store = new ScriptedStore([answer])
      expect(await create(store)).toEqual({ end, pauses: [] })
      expect(store.puts).toEqual([{ signal: NEVER, if: 'absent' }])
    }
  })

  it('without an answer is repeated, create-only and not to be aborted, until it has one', async () => {
    const store = new ScriptedStore(['lost', 'lost', 'failed', 'created'])
    expect(await create(store)).toEqual({ end: 'created', pauses: [10, 20, 40] })
    expect(store.puts.slice(1)).toEqual(Array.from({ length: 3 }, () => ({ if: 'absent' })))
  })

  it('without any answer stays unknown, however often it is repeated', async () => {
    const store = new ScriptedStore([])
    expect(await create(store)).toEqual({ end: 'OUTCOME_UNKNOWN', pauses: [10, 20, 40, 80] })
    expect(store.puts).toHaveLength(5)
  })

  it('is not waited for on a medium that makes nothing durable any more', async () => {
    const store = new ScriptedStore(['lost', 'sync-failed', 'created'])
    expect(await create(store)).toEqual({ end: 'OUTCOME_UNKNOWN', pauses: [10] })
  })

  it('that meets a blob after a lost answer reads, durably, whose it is', async () => {
    for (const [look, end] of [
      ['ours', 'created'],
      ['theirs', 'taken-since'],
    ] as const) {
      const store = new ScriptedStore(['lost', 'taken'], [look])
      expect(await create(store)).toEqual({ end, pauses: [10] })
      expect(store.gets).toEqual([{ durable: true }])
    }
  })

  it('that cannot read whose blob it met asks again', async () => {
    for (const look of ['failed', 'absent', 'unreadable'] as const) {
      const store = new ScriptedStore(['lost', 'taken', 'taken'], [look, 'ours'])
      expect(await create(store), look).toEqual({ end: 'created', pauses: [10, 20] })
    }
  })

  it('pauses for as long as it says', async () => {
    vi.useFakeTimers()
    try {
      expect(SETTLE).toMatchObject({ attempts: 5, pauseMs: 100 })
      let isAwake = false
      const slept = SETTLE.sleep(100).then(() => (isAwake = true))
      await vi.advanceTimersByTimeAsync(99)
      expect(isAwake).toBe(false)
      await vi.advanceTimersByTimeAsync(1)
      await slept
      expect(isAwake).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })
})
