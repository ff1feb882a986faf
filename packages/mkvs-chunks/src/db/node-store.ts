import type { AsyncResult, CallOptions } from '@tidemark/core'
import type { MediumError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'

/** What one {@link NodeStore.write} changes. A later part of the list does not see an earlier one. */
export interface NodeBatch {
  readonly putNodes?: Iterable<readonly [hash: Hash, bytes: Uint8Array]>
  readonly deleteNodes?: Iterable<Hash>
  readonly putRecords?: Iterable<readonly [name: string, bytes: Uint8Array]>
  readonly deleteRecords?: Iterable<string>
}

/** What a store of nodes can do. */
export interface NodeStoreSupport {
  /** What an acknowledged write survives: nothing, the end of the process, or a power cut. */
  readonly durable: 'none' | 'process' | 'power'
}

/**
 * Where the nodes of trees lie: byte strings by hash, and a few small records by name.
 *
 * Implementing one? Run `nodeStoreContract` from `@tidemark/mkvs-chunks/testing` on it.
 */
export interface NodeStore extends AsyncDisposable {
  readonly supports: NodeStoreSupport

  /** The bytes put under a hash, or `undefined`. They are not changed by anybody afterwards. */
  get(hash: Hash, options?: CallOptions): AsyncResult<Uint8Array | undefined, MediumError>

  /** What {@link get} gives for each of some hashes, in their order. */
  getMany(
    hashes: readonly Hash[],
    options?: CallOptions,
  ): AsyncResult<readonly (Uint8Array | undefined)[], MediumError>

  /** The bytes of a record, or `undefined`. Names are `a-z 0-9 / -`, at most 200 characters. */
  record(name: string, options?: CallOptions): AsyncResult<Uint8Array | undefined, MediumError>

  /** The names of all records that start with a prefix, in order. */
  recordNames(prefix: string, options?: CallOptions): AsyncResult<readonly string[], MediumError>

  /** Changes all of it or nothing, also after a crash. Bytes are copied or written before `ok`. */
  write(batch: NodeBatch, options?: CallOptions): AsyncResult<void, MediumError>

  /** Lets go of what the store holds open. Later calls fail with `CLOSED`. Safe to repeat. */
  close(): Promise<void>
}
