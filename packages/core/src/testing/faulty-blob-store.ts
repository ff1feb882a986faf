import { concat, piecesOf } from '../blob/blob-body.ts'
import type {
  BlobBody,
  BlobInfo,
  BlobStore,
  BlobStoreSupport,
  CallOptions,
  DeleteReport,
  GetOptions,
  ListOptions,
  PutError,
  PutManyError,
  PutOptions,
  ReadError,
  StoredBlob,
} from '../blob/blob-store.ts'
import { putEach } from '../blob/put-each.ts'
import { coreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'

/**
 * What goes wrong with one call.
 *
 * | fault | effect | what the caller hears |
 * |---|---|---|
 * | `failed` | none | `IO_FAILED` |
 * | `full` | none | `NO_SPACE` |
 * | `dropped` | none | a put: `OUTCOME_UNKNOWN`; anything else: `IO_FAILED` |
 * | `lost` | done | the same |
 * | `late` | some time after the caller was told | the same |
 * | `delayed` | done, one turn later | the answer |
 */
export type Fault = 'failed' | 'full' | 'dropped' | 'lost' | 'late' | 'delayed'

/** One call of the medium. */
export interface BlobCall {
  /** Counted from 0 over all calls of this store. */
  readonly index: number
  readonly operation: 'put' | 'get' | 'read' | 'head' | 'list' | 'delete'
  /** The key, the first of several, or the prefix of a listing. */
  readonly key: string
  /** Whether this is a write that takes effect after its caller was told that it failed. */
  readonly isLate: boolean
}

/** How a store misbehaves. */
export interface FaultyBlobStoreOptions {
  /** What goes wrong with a call; `undefined`: nothing. */
  readonly plan?: (call: BlobCall) => Fault | undefined
  /**
   * Every call waits here before it takes effect; so do late writes. Without it, calls run at once
   * and late writes wait for {@link FaultyBlobStore.releaseLate}.
   */
  readonly gate?: (call: BlobCall) => Promise<void>
}

/**
 * A store whose calls fail as planned, lose their answers, take effect late, and wait for a turn.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { FaultyBlobStore } from '@tidemark/core/testing'
 *
 * const plan = ({ index }: { index: number }) => (index === 0 ? 'lost' : undefined)
 * const store = new FaultyBlobStore(new MemoryBlobStore(), { plan })
 * const put = await store.put('a', new Uint8Array([1]))
 * put.ok // => false
 * const found = await store.head('a')
 * found.ok && found.value !== undefined // => true
 */
export class FaultyBlobStore implements BlobStore {
  readonly supports: BlobStoreSupport
  readonly #store: BlobStore
  readonly #plan: (call: BlobCall) => Fault | undefined
  readonly #gate: ((call: BlobCall) => Promise<void>) | undefined
  readonly #calls: BlobCall[] = []
  #late: (() => Promise<void>)[] = []

  constructor(store: BlobStore, options: FaultyBlobStoreOptions = {}) {
    this.supports = store.supports
    this.#store = store
    this.#plan = options.plan ?? (() => undefined)
    this.#gate = options.gate
  }

  /** The calls so far. */
  get calls(): readonly BlobCall[] {
    return this.#calls
  }

  /** Lets the late writes of a store without a gate take effect, oldest first. */
  async releaseLate(): Promise<void> {
    const late = this.#late
    this.#late = []
    for (const write of late) await write()
  }

  async put(key: string, body: BlobBody, options?: PutOptions): AsyncResult<BlobInfo, PutError> {
    const call = this.#note('put', key)
    const fault = await this.#meet(call)
    if (fault === 'failed' || fault === 'full') return err(refusal(fault, call))
    if (fault === 'dropped') return err(unanswered(call))
    if (fault !== 'late') {
      const put = await this.#store.put(key, body, options)
      return fault === 'lost' ? err(unanswered(call)) : put
    }
    const bytes = await gather(body)
    this.#later(call, () => this.#store.put(key, bytes, withoutSignal(options)))
    return err(unanswered(call))
  }

  putMany(
    blobs: Iterable<readonly [key: string, body: BlobBody]>,
    options?: PutOptions,
  ): AsyncResult<BlobInfo[], PutManyError> {
    return putEach(blobs, (key, body) => this.put(key, body, options))
  }

  async get(key: string, options?: GetOptions): AsyncResult<StoredBlob | undefined, ReadError> {
    const call = this.#note('get', key)
    const fault = await this.#meet(call)
    if (isFatal(fault)) return err(refusal(fault, call))
    const found = await this.#store.get(key, options)
    if (!found.ok || found.value === undefined) return found
    return ok(this.#readable(found.value))
  }

  async head(key: string, options?: CallOptions): AsyncResult<BlobInfo | undefined, ReadError> {
    const call = this.#note('head', key)
    const fault = await this.#meet(call)
    return isFatal(fault) ? err(refusal(fault, call)) : this.#store.head(key, options)
  }

  async *list(options?: ListOptions): AsyncIterable<BlobInfo> {
    const call = this.#note('list', options?.prefix ?? '')
    const fault = await this.#meet(call)
    if (isFatal(fault)) throw refusal(fault, call)
    yield* this.#store.list(options)
  }

  async delete(
    keys: string | readonly string[],
    options?: CallOptions,
  ): AsyncResult<DeleteReport, ReadError> {
    const call = this.#note('delete', typeof keys === 'string' ? keys : (keys[0] ?? ''))
    const fault = await this.#meet(call)
    // The effect without its answer is the very fault that is played.
    if (fault === 'lost') void (await this.#store.delete(keys, options))
    if (fault === 'late') this.#later(call, () => this.#store.delete(keys))
    return isFatal(fault) ? err(refusal(fault, call)) : this.#store.delete(keys, options)
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #note(operation: BlobCall['operation'], key: string): BlobCall {
    const call = { index: this.#calls.length, operation, key, isLate: false }
    this.#calls.push(call)
    return call
  }

  /** Waits for the call's turn and says what goes wrong with it. */
  async #meet(call: BlobCall): Promise<Fault | undefined> {
    const fault = this.#plan(call)
    await this.#gate?.(call)
    if (fault === 'delayed') await this.#gate?.(call)
    return fault
  }

  #later(call: BlobCall, write: () => Promise<unknown>): void {
    const late = { ...call, isLate: true }
    if (this.#gate === undefined) this.#late.push(async () => void (await write()))
    else void this.#gate(late).then(write)
  }

  #readable(blob: StoredBlob): StoredBlob {
    const { key, sizeBytes, version } = blob
    const turn = async (): Promise<ReadError | undefined> => {
      const call = this.#note('read', key)
      const fault = await this.#meet(call)
      return isFatal(fault) ? refusal(fault, call) : undefined
    }
    return {
      key,
      sizeBytes,
      version,
      bytes: async () => {
        const refused = await turn()
        return refused === undefined ? blob.bytes() : err(refused)
      },
      stream: async function* () {
        const refused = await turn()
        if (refused !== undefined) throw refused
        yield* blob.stream()
      },
    }
  }
}

/** Faults of which the caller hears. */
function isFatal(fault: Fault | undefined): fault is Exclude<Fault, 'delayed'> {
  return fault !== undefined && fault !== 'delayed'
}

function refusal(fault: Fault, { operation, key, index }: BlobCall): ReadError {
  const message = `${operation} of ${key}, call ${index}, was made to fail (${fault})`
  const details = { operation, key, system: fault === 'full' ? 'ENOSPC' : 'EIO' }
  return fault === 'full'
    ? coreError('NO_SPACE', message, details)
    : coreError('IO_FAILED', message, details)
}

function unanswered({ operation, key, index }: BlobCall): PutError {
  const message = `${operation} of ${key}, call ${index}, was made to lose its answer`
  return coreError('OUTCOME_UNKNOWN', message, { operation, key, reason: 'no-answer' })
}

async function gather(body: BlobBody): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of piecesOf(body)) pieces.push(piece.slice())
  return concat(pieces)
}

function withoutSignal(options: PutOptions = {}): PutOptions {
  const { signal: _, ...rest } = options
  return rest
}
