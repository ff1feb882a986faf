import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
} from '@tidemark/core'
import { copyBytes } from '../bytes/bytes.ts'
import type { MediumError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { NodeTable } from './node-table.ts'
import type { NodeBatch, NodeStore, NodeStoreSupport } from './node-store.ts'

/**
 * Nodes in the memory of this process: the executable specification of {@link NodeStore}.
 *
 * @example
 * import { MemoryNodeStore, openNodeDb, testNamespace, unwrap } from '@tidemark/mkvs-chunks'
 *
 * const namespace = testNamespace('example')
 * const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
 * db.latestVersion // => undefined
 */
export class MemoryNodeStore implements NodeStore {
  readonly supports: NodeStoreSupport = { durable: 'none' }
  #nodes = new NodeTable()
  readonly #records = new Map<string, Uint8Array>()
  #closed = false

  /** How many nodes there are. */
  get nodeCount(): number {
    return this.#nodes.size
  }

  async get(hash: Hash, options?: CallOptions): AsyncResult<Uint8Array | undefined, MediumError> {
    const refused = this.#refusal('get', options)
    return refused === undefined ? ok(this.#nodes.get(hash)) : err(refused)
  }

  async getMany(
    hashes: readonly Hash[],
    options?: CallOptions,
  ): AsyncResult<readonly (Uint8Array | undefined)[], MediumError> {
    const refused = this.#refusal('getMany', options)
    return refused === undefined ? ok(hashes.map((hash) => this.#nodes.get(hash))) : err(refused)
  }

  async record(
    name: string,
    options?: CallOptions,
  ): AsyncResult<Uint8Array | undefined, MediumError> {
    const refused = this.#refusal('record', options)
    return refused === undefined ? ok(this.#records.get(name)) : err(refused)
  }

  async recordNames(
    prefix: string,
    options?: CallOptions,
  ): AsyncResult<readonly string[], MediumError> {
    const refused = this.#refusal('recordNames', options)
    if (refused !== undefined) return err(refused)
    return ok([...this.#records.keys()].filter((name) => name.startsWith(prefix)).sort())
  }

  async write(batch: NodeBatch, options?: CallOptions): AsyncResult<void, MediumError> {
    const refused = this.#refusal('write', options)
    if (refused !== undefined) return err(refused)
    for (const hash of batch.deleteNodes ?? []) this.#nodes.delete(hash)
    for (const [hash, bytes] of batch.putNodes ?? []) this.#nodes.set(hash, bytes)
    for (const name of batch.deleteRecords ?? []) this.#records.delete(name)
    for (const [name, bytes] of batch.putRecords ?? []) this.#records.set(name, copyBytes(bytes))
    return ok()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#nodes = new NodeTable()
    this.#records.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #refusal(operation: string, options?: CallOptions): CoreError<'CLOSED' | 'ABORTED'> | undefined {
    if (this.#closed) {
      return coreError('CLOSED', 'node store is closed', { what: 'node store', reason: 'closed' })
    }
    if (options?.signal?.aborted !== true) return undefined
    return coreError('ABORTED', 'aborted', { operation, committed: false }, options.signal.reason)
  }
}
