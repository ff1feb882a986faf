import { err, ok, type AsyncResult } from '@tidemark/core'
import { randomBytes } from '#digest'
import { toHex } from '../bytes.ts'
import { conflict, type InitError, type ReadError, type ReplaceError } from '../errors.ts'
import type {
  ListOptions,
  LogStateBackend,
  LogStatePersistence,
  LogStateSupport,
  Snapshot,
  Stored,
  StoreInfo,
} from '../log-persistence.ts'
import { page } from '../order.ts'
import { persistenceOn, type PersistenceOptions } from '../persistence.ts'

/**
 * A store in the memory of this process: the executable specification, for tests and trials. A
 * restart forgets everything, so a witness on it would trust any log anew.
 *
 * @example
 * import { unwrap } from '@tidemark/core'
 * import { memoryPersistence } from '@tidemark/log-persistence'
 *
 * const store = memoryPersistence()
 * unwrap(await store.latest('example.com/log')) // => undefined
 */
export function memoryPersistence(options?: PersistenceOptions): LogStatePersistence {
  return persistenceOn(new MemoryBackend(), options)
}

class MemoryBackend implements LogStateBackend {
  readonly supports: LogStateSupport = { durable: 'none', crossProcess: false }
  readonly #logs = new Map<string, Stored>()

  async init(): AsyncResult<StoreInfo, InitError> {
    return ok({ instanceId: toHex(randomBytes(16)), created: true })
  }

  async snapshot(logId: string): AsyncResult<Snapshot, ReadError> {
    return ok(this.#snapshot(logId))
  }

  async replace(
    logId: string,
    expectedRevision: number,
    bytes: Uint8Array,
  ): AsyncResult<Stored, ReplaceError> {
    const current = this.#snapshot(logId)
    if (current.revision !== expectedRevision) {
      return err(conflict(logId, expectedRevision, current))
    }
    const revision = expectedRevision + 1
    this.#logs.set(logId, { revision, bytes })
    return ok({ revision, bytes: bytes.slice() })
  }

  async list(options: ListOptions): AsyncResult<string[], ReadError> {
    return ok(page(this.#logs.keys(), options))
  }

  async close(): Promise<void> {
    this.#logs.clear()
  }

  #snapshot(logId: string): Snapshot {
    const held = this.#logs.get(logId)
    if (held === undefined) return { revision: 0, bytes: undefined }
    return { revision: held.revision, bytes: held.bytes.slice() }
  }
}
