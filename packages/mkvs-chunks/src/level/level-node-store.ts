import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { concatBytes } from '../bytes/bytes.ts'
import { takeBytes } from '../bytes/slab.ts'
import type { NodeBatch, NodeStore, NodeStoreSupport } from '../db/node-store.ts'
import type { MediumError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import type { LevelDatabase, LevelOperation } from './level-database.ts'

/** Options of {@link LevelNodeStore}. */
export interface LevelNodeStoreOptions {
  /** Sync every write to the disk. Default `true`. */
  readonly sync?: boolean
  /** What the database survives. Default: a power cut with `sync`, else the end of the process. */
  readonly durable?: NodeStoreSupport['durable']
}

const VIEWS = { keyEncoding: 'view', valueEncoding: 'view' } as const

/** First byte of a key: a node (its hash follows) or a record (its name follows). */
const NODE = 0x6e
const RECORD = 0x72

/**
 * Nodes in an `abstract-level` database, which it owns from now on.
 *
 * @example
 * import { MemoryLevel } from 'memory-level'
 * import { LevelNodeStore } from '@tidemark/mkvs-chunks/level'
 *
 * const level = new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' })
 * const store = new LevelNodeStore(level, { durable: 'none' })
 * await store.close()
 */
export class LevelNodeStore implements NodeStore {
  readonly supports: NodeStoreSupport
  readonly #level: LevelDatabase
  readonly #sync: boolean
  #closed = false

  constructor(level: LevelDatabase, options: LevelNodeStoreOptions = {}) {
    this.#level = level
    this.#sync = options.sync ?? true
    this.supports = { durable: options.durable ?? (this.#sync ? 'power' : 'process') }
  }

  get(hash: Hash, options?: CallOptions): AsyncResult<Uint8Array | undefined, MediumError> {
    return this.#attempt('get', options, () => this.#find(keyOf(NODE, hash)))
  }

  getMany(
    hashes: readonly Hash[],
    options?: CallOptions,
  ): AsyncResult<readonly (Uint8Array | undefined)[], MediumError> {
    return this.#attempt('getMany', options, async () => {
      const keys = hashes.map((hash) => keyOf(NODE, hash))
      const values = await this.#level.getMany(keys, VIEWS)
      return values.map(plain)
    })
  }

  record(name: string, options?: CallOptions): AsyncResult<Uint8Array | undefined, MediumError> {
    return this.#attempt('record', options, () => this.#find(recordKey(name)))
  }

  recordNames(prefix: string, options?: CallOptions): AsyncResult<readonly string[], MediumError> {
    return this.#attempt('recordNames', options, async () => {
      const names: string[] = []
      const [gte, lt] = [recordKey(prefix), concatBytes([recordKey(prefix), AFTER_NAMES])]
      for await (const key of this.#level.keys({ keyEncoding: 'view', gte, lt })) {
        names.push(new TextDecoder().decode(key.subarray(1)))
      }
      return names
    })
  }

  write(batch: NodeBatch, options?: CallOptions): AsyncResult<void, MediumError> {
    return this.#attempt('write', options, async () => {
      const operations: LevelOperation[] = []
      const del = (key: Uint8Array): void => void operations.push({ type: 'del', key })
      const put = (key: Uint8Array, value: Uint8Array): void =>
        // Some databases keep the very bytes they are given.
        void operations.push({ type: 'put', key, value: packed(value) })
      for (const hash of batch.deleteNodes ?? []) del(keyOf(NODE, hash))
      for (const [hash, bytes] of batch.putNodes ?? []) put(keyOf(NODE, hash), bytes)
      for (const name of batch.deleteRecords ?? []) del(recordKey(name))
      for (const [name, bytes] of batch.putRecords ?? []) put(recordKey(name), bytes)
      await this.#level.batch(operations, { ...VIEWS, sync: this.#sync })
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#level.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #find(key: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return plain(await this.#level.get(key, VIEWS))
    } catch (thrown) {
      if (codeOf(thrown) === 'LEVEL_NOT_FOUND') return undefined
      throw thrown
    }
  }

  async #attempt<T>(
    operation: string,
    options: CallOptions | undefined,
    run: () => Promise<T>,
  ): AsyncResult<T, MediumError> {
    if (this.#closed) {
      const details = { what: 'node store', reason: 'closed' } as const
      return err(coreError('CLOSED', 'node store is closed', details))
    }
    if (options?.signal?.aborted === true) {
      const details = { operation, committed: false } as const
      return err(coreError('ABORTED', 'aborted', details, options.signal.reason))
    }
    try {
      return ok(await run())
    } catch (thrown) {
      const system = codeOf(thrown)
      const details = system === undefined ? { operation } : { operation, system }
      return err(coreError('IO_FAILED', 'the database failed', details, thrown))
    }
  }
}

/** The same bytes as the plain kind of byte array, whatever kind the database gives. */
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes === undefined
    ? undefined
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Names are ASCII, so this comes after every name with a given beginning. */
const AFTER_NAMES = Uint8Array.of(0xff)

/** A copy. A batch has ten thousand of them, and none of its own memory. */
function packed(bytes: Uint8Array): Uint8Array {
  const copy = takeBytes(bytes.length)
  copy.set(bytes)
  return copy
}

function keyOf(kind: number, name: Uint8Array): Uint8Array {
  const key = takeBytes(1 + name.length)
  key[0] = kind
  key.set(name, 1)
  return key
}

function recordKey(name: string): Uint8Array {
  return keyOf(RECORD, new TextEncoder().encode(name))
}

function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}
