import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CoreError,
  type Result,
} from '@tidemark/core'
import { equalBytes } from '../bytes/bytes.ts'
import { chunkWriter } from '../chunk/chunk-file.ts'
import { chunkerOf } from '../chunk/chunker.ts'
import type { NodeDb, NodeDbError } from '../db/node-db.ts'
import { refused } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { MAX_PROOF_DEPTH } from '../proof/verify.ts'
import {
  CHECKPOINT_VERSION,
  chunkNotFound,
  encodeMetadata,
  type ChunkMetadata,
  type GetCheckpointsRequest,
  type Metadata,
} from '../record/metadata.ts'
import { equalRoots, isEmptyRoot, rootName, type Root } from '../record/root.ts'
import { readAhead } from '../tree/read-ahead.ts'
import { runStoredWalk } from '../tree/walk.ts'
import { checkpointNotFound, paramsProblem, tooDeep } from './checkpoint-errors.ts'
import { claimParams, deleteKeys, keysUnder, readMetadata } from './checkpoint-blobs.ts'
import { checkpointPrefix, chunkKey, metaKey } from './layout.ts'
import { listCheckpoints } from './list-checkpoints.ts'
import type { CreationParams } from './params.ts'
import type { CheckpointList, ChunkBody, ChunkProvider, ProviderError } from './provider.ts'

/** Why a creator cannot do something. */
export type CreatorError = ProviderError | NodeDbError | CoreError<'CHECKPOINT_ALREADY_EXISTS'>

/** Makes, keeps and provides checkpoints. */
export interface Creator extends ChunkProvider {
  /**
   * Makes the checkpoint of a root and gives its metadata. After `ok` it is whole and durable.
   *
   * One that exists is given as it is, whatever its chunk size. Chunks come first, metadata last:
   * after a crash the checkpoint is not there, and the same call makes it. `NODE_DB_REFUSED` for an
   * unknown root, `LIMIT_EXCEEDED` for a tree so deep that nobody could restore it.
   */
  createCheckpoint(
    root: Root,
    chunkSize: number,
    chunkerThreads?: number,
    options?: CallOptions,
  ): AsyncResult<Metadata, CreatorError>

  /** A checkpoint's metadata. `CHECKPOINT_NOT_FOUND`, or `CORRUPTED` when it cannot be read. */
  getCheckpoint(version: number, root: Root, o?: CallOptions): AsyncResult<Metadata, CreatorError>

  /** Removes a checkpoint: from the first moment on nobody finds it any more. */
  deleteCheckpoint(version: number, root: Root, o?: CallOptions): AsyncResult<void, CreatorError>
}

/** Options of {@link newCreator}. */
export interface CreatorOptions {
  /** Where checkpoints lie. Everything in it is the creator's; see `prefixed`. */
  readonly store: BlobStore
  /** Where trees are read from. */
  readonly db: NodeDb
  /**
   * Refuse a tree with deeper nodes: verifiers refuse proofs deeper than 128, so its checkpoint
   * could not be restored. Default 128.
   */
  readonly maxDepth?: number
}

/**
 * Makes a creator over any blob store. `newFileCreator` in `./file` is the same on a directory.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { commitTree, MemoryNodeStore, newCreator, openNodeDb, testNamespace, Tree, unwrap } from '@tidemark/mkvs-chunks'
 *
 * const namespace = testNamespace('example')
 * const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
 * const tree = new Tree()
 * tree.insert(new Uint8Array([1]), new Uint8Array([2]))
 * const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
 * const creator = newCreator({ store: new MemoryBlobStore(), db })
 * unwrap(await creator.createCheckpoint(root, 1024)).chunks.length // => 1
 */
export function newCreator(options: CreatorOptions): Creator {
  return new BlobCreator(options)
}

class BlobCreator implements Creator {
  readonly #store: BlobStore
  readonly #db: NodeDb
  readonly #maxDepth: number
  /** The creations and deletions under way, by checkpoint: they happen one after another. */
  readonly #busy = new Map<string, Promise<unknown>>()

  constructor({ store, db, maxDepth = MAX_PROOF_DEPTH }: CreatorOptions) {
    this.#store = store
    this.#db = db
    this.#maxDepth = maxDepth
  }

  createCheckpoint(
    root: Root,
    chunkSize: number,
    chunkerThreads = 0,
    options?: CallOptions,
  ): AsyncResult<Metadata, CreatorError> {
    const wrong = paramsProblem(chunkSize, chunkerThreads)
    if (wrong !== undefined) return Promise.resolve(err(wrong))
    return this.#alone(root, async () => {
      const existing = await readMetadata(this.#store, root, options)
      if (!existing.ok) return existing
      if (existing.value !== undefined) return sameRoot(existing.value, root)
      if (!this.#db.hasRoot(root)) return err(refused('root-not-found'))
      const params = await claimParams(this.#store, root, { chunkSize, chunkerThreads }, options)
      if (!params.ok) return params
      const chunks = await this.#stageChunks(root, params.value, options)
      if (!chunks.ok) return chunks
      const metadata = { version: CHECKPOINT_VERSION, root, chunks: chunks.value }
      const published = await this.#store.put(metaKey(root), encodeMetadata(metadata), options)
      return published.ok ? ok(metadata) : published
    })
  }

  async getCheckpoint(
    version: number,
    root: Root,
    options?: CallOptions,
  ): AsyncResult<Metadata, CreatorError> {
    if (version !== CHECKPOINT_VERSION) return err(checkpointNotFound(root))
    const found = await readMetadata(this.#store, root, options)
    if (!found.ok) return found
    const metadata = found.value
    if (metadata === undefined || !equalRoots(metadata.root, root)) {
      return err(checkpointNotFound(root))
    }
    return ok(metadata)
  }

  async getCheckpoints(
    request: GetCheckpointsRequest,
    options?: CallOptions,
  ): AsyncResult<CheckpointList, ProviderError> {
    if (request.version !== CHECKPOINT_VERSION) return ok({ checkpoints: [], damaged: [] })
    return listCheckpoints(this.#store, request, options)
  }

  async getCheckpointChunk(
    chunk: ChunkMetadata,
    options?: CallOptions,
  ): AsyncResult<ChunkBody, ProviderError> {
    const { version, root, index, digest } = chunk
    if (version !== CHECKPOINT_VERSION) return err(chunkNotFound(index))
    const metadata = await readMetadata(this.#store, root, options)
    if (!metadata.ok) return metadata
    const known = metadata.value?.chunks[Number(index)]
    const isOurs = metadata.value !== undefined && equalRoots(metadata.value.root, root)
    if (!isOurs || known === undefined || !equalBytes(known, digest)) {
      return err(chunkNotFound(index))
    }
    const blob = await this.#store.get(chunkKey(root, index), options)
    if (!blob.ok) return blob
    return blob.value === undefined ? err(chunkNotFound(index)) : ok(blob.value)
  }

  deleteCheckpoint(
    version: number,
    root: Root,
    options?: CallOptions,
  ): AsyncResult<void, CreatorError> {
    return this.#alone(root, async () => {
      if (version !== CHECKPOINT_VERSION) return err(checkpointNotFound(root))
      const meta = await this.#store.head(metaKey(root), options)
      if (!meta.ok) return meta
      const hidden = await deleteKeys(this.#store, [metaKey(root)], options)
      if (!hidden.ok) return hidden
      const keys = await keysUnder(this.#store, checkpointPrefix(root), options)
      if (!keys.ok) return keys
      const removed = await deleteKeys(this.#store, keys.value, options)
      if (!removed.ok) return removed
      return meta.value === undefined ? err(checkpointNotFound(root)) : ok()
    })
  }

  async #stageChunks(
    root: Root,
    { chunkSize, chunkerThreads: threads }: CreationParams,
    options?: CallOptions,
  ): AsyncResult<Hash[], CreatorError> {
    const top = isEmptyRoot(root) ? undefined : { hash: root.hash }
    const chunker = chunkerOf(top, { chunkSize, threads })
    const read = readAhead(this.#db, root, options)
    const digests: Hash[] = []
    for (;;) {
      const file = chunkWriter()
      const cut = await runStoredWalk(chunker.next(file.write), read)
      if (!cut.ok) return cut
      if (!cut.value) return ok(digests)
      if (chunker.depth > this.#maxDepth) return err(tooDeep(this.#maxDepth))
      const { bytes, digest } = file.end()
      const staged = await this.#store.put(chunkKey(root, digests.length), bytes, options)
      if (!staged.ok) return staged
      digests.push(digest)
    }
  }

  /** Runs a change of one checkpoint after the changes of it that are under way. */
  async #alone<T>(root: Root, change: () => Promise<T>): Promise<T> {
    const name = rootName(root)
    const mine = (this.#busy.get(name) ?? Promise.resolve()).then(change)
    const settled = mine.then(
      () => undefined,
      () => undefined,
    )
    this.#busy.set(name, settled)
    try {
      return await mine
    } finally {
      if (this.#busy.get(name) === settled) this.#busy.delete(name)
    }
  }
}

function sameRoot(metadata: Metadata, root: Root): Result<Metadata, CreatorError> {
  if (equalRoots(metadata.root, root)) return ok(metadata)
  const details = { identifier: rootName(root), reason: 'committed' } as const
  const message = 'a root of another type or namespace has this version and hash'
  return err(coreError('CHECKPOINT_ALREADY_EXISTS', message, details))
}
