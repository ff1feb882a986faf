import { hash as hashOf } from '#hash'
import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { bitAt, bytesForBits, withBit } from '../bytes/bits.ts'
import { equalBytes } from '../bytes/bytes.ts'
import type { NodeDb, NodeDbError, NodesToStore } from '../db/node-db.ts'
import { type MediumError, type MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { MAX_PROOF_DEPTH } from '../proof/verify.ts'
import {
  CHECKPOINT_VERSION,
  encodedHash,
  validateMetadata,
  type Metadata,
} from '../record/metadata.ts'
import {
  alreadyInProgress,
  alreadyRestored,
  chunkCorrupted,
  noRestore,
  proofFailed,
} from './checkpoint-errors.ts'
import { MAX_PACKED_BYTES, provenNodes } from './chunk-nodes.ts'
import { readBody } from './read-body.ts'

/** Why a restore does not go on. */
export type RestoreError =
  | NodeDbError
  | MkvsError<
      | 'RESTORE_ALREADY_IN_PROGRESS'
      | 'NO_RESTORE_IN_PROGRESS'
      | 'CHUNK_ALREADY_RESTORED'
      | 'CHUNK_PROOF_VERIFICATION_FAILED'
      | 'CHUNK_CORRUPTED'
      | 'MALFORMED'
    >

/** What {@link Restorer.startRestore} found. */
export interface RestoreStart {
  /** Indices of the chunks that are still to be restored. */
  readonly pending: readonly number[]
  /** Whether an earlier restore of the same checkpoint goes on. */
  readonly resumed: boolean
}

/** Restores one checkpoint at a time into a node database. */
export interface Restorer {
  /**
   * Opens a restore. The database must be in a multipart insert of the root's version. If it holds
   * an unfinished restore of the same checkpoint, that one goes on.
   */
  startRestore(metadata: Metadata, options?: CallOptions): AsyncResult<RestoreStart, RestoreError>

  /**
   * Checks one chunk and stores its nodes. Chunks may come in any order and at the same time.
   * `true`: it was the last one, and every node of the tree is there; the restore is closed.
   *
   * `CHUNK_CORRUPTED`: fetch it again, the restore goes on. `CHUNK_PROOF_VERIFICATION_FAILED`: the
   * checkpoint itself is bad, the restore is aborted. Any other failure changes nothing.
   */
  restoreChunk(
    index: number,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): AsyncResult<boolean, RestoreError>

  /**
   * Ends the restore; what is in flight no longer counts. The nodes that came stay in the database
   * until its multipart insert is aborted. Without a restore: nothing happens.
   */
  abortRestore(options?: CallOptions): AsyncResult<void, RestoreError>

  /** The checkpoint that is being restored. */
  getCurrentCheckpoint(): Metadata | undefined
}

/** Options of {@link newRestorer}. */
export interface RestorerOptions {
  readonly db: NodeDb
  /** `false` also takes what the original tolerates and no honest writer makes. Default `true`. */
  readonly strict?: boolean
  /** The longest chunk file, in bytes. Default 64 MiB. */
  readonly maxChunkBytes?: number
  /** The longest chunk after decompression, in bytes. Default 128 MiB. */
  readonly maxRawChunkBytes?: number
  /** See `VerifyOptions.maxDepth`. */
  readonly maxDepth?: number
}

/** Eight times the size at which chunks usually end; a chunk may overshoot by one value. */
const MAX_CHUNK_BYTES = 64 * 1024 * 1024
const MAX_RAW_CHUNK_BYTES = 128 * 1024 * 1024

/** One restore. A late chunk of an earlier one has another object in its hands. */
interface Restore {
  readonly metadata: Metadata
  readonly checkpoint: Hash
  /** One bit per chunk, as in the note in the database. */
  restored: Uint8Array
  readonly pending: Set<number>
  readonly inFlight: Set<number>
}

/** Makes a restorer. Two of them on one database do not disturb each other's checkpoints. */
export function newRestorer(options: RestorerOptions): Restorer {
  return new DbRestorer(options)
}

class DbRestorer implements Restorer {
  readonly #db: NodeDb
  readonly #options: RestorerOptions
  #current: Restore | undefined
  #starting = false
  /** Nodes are stored one chunk after another, so that each note includes the ones before. */
  #storing: Promise<unknown> = Promise.resolve()

  constructor(options: RestorerOptions) {
    this.#db = options.db
    this.#options = options
  }

  async startRestore(
    metadata: Metadata,
    options?: CallOptions,
  ): AsyncResult<RestoreStart, RestoreError> {
    if (this.#current !== undefined || this.#starting) return err(alreadyInProgress(metadata))
    const refused = refusalOf(metadata)
    if (refused !== undefined) return err(refused)
    this.#starting = true
    try {
      const progress = await this.#db.restoreProgress(metadata.root, options)
      if (!progress.ok) return progress
      const checkpoint = encodedHash(metadata)
      const known = progress.value
      const resumed = known !== undefined && equalBytes(known.checkpoint, checkpoint)
      const restored = resumed
        ? known.restored
        : new Uint8Array(bytesForBits(metadata.chunks.length))
      const pending = [...metadata.chunks.keys()].filter((i) => bitAt(restored, i) === 0)
      this.#current = {
        metadata,
        checkpoint,
        restored,
        pending: new Set(pending),
        inFlight: new Set(),
      }
      return ok({ pending, resumed })
    } finally {
      this.#starting = false
    }
  }

  async restoreChunk(
    index: number,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): AsyncResult<boolean, RestoreError> {
    const restore = this.#current
    if (restore === undefined) return err(noRestore())
    if (restore.inFlight.has(index)) return err(alreadyRestored(index, 'in-flight'))
    const digest = restore.metadata.chunks[index]
    if (digest === undefined) return err(alreadyRestored(index, 'out-of-range'))
    if (!restore.pending.has(index)) return err(alreadyRestored(index, 'done'))
    restore.inFlight.add(index)
    try {
      const nodes = await this.#nodesOf(restore, index, digest, body, options)
      if (this.#current !== restore) return err(noRestore())
      if (!nodes.ok) return await this.#failed(restore, nodes.error, options)
      return await this.#inOrder(() => this.#store(restore, index, nodes.value, options))
    } finally {
      restore.inFlight.delete(index)
    }
  }

  async abortRestore(options?: CallOptions): AsyncResult<void, RestoreError> {
    const restore = this.#current
    this.#current = undefined
    if (restore === undefined) return ok()
    return this.#inOrder(() => this.#db.forgetRestore(restore.metadata.root, options))
  }

  getCurrentCheckpoint(): Metadata | undefined {
    return this.#current?.metadata
  }

  /** The nodes that a chunk proves to belong to the tree. */
  async #nodesOf(
    restore: Restore,
    index: number,
    digest: Hash,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: CallOptions,
  ): AsyncResult<NodesToStore, RestoreError> {
    const { strict = true, maxDepth = MAX_PROOF_DEPTH } = this.#options
    const { maxChunkBytes = MAX_CHUNK_BYTES, maxRawChunkBytes = MAX_RAW_CHUNK_BYTES } =
      this.#options
    const bytes = await readBody(body, maxChunkBytes, options)
    if (!bytes.ok) return bytes
    if (!equalBytes(hashOf(bytes.value), digest)) return err(chunkCorrupted(index))
    return provenNodes(bytes.value, index, restore.metadata.root.hash, {
      strict,
      maxDepth,
      maxRawBytes: maxRawChunkBytes,
      maxPackedBytes: MAX_PACKED_BYTES,
    })
  }

  async #store(
    restore: Restore,
    index: number,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<boolean, RestoreError> {
    if (this.#current !== restore) return err(noRestore())
    const { root } = restore.metadata
    // The note never says that all chunks are restored. The last one is done only when the whole
    // tree has been looked at; after a crash it comes once more, for that.
    const isLast = restore.pending.size === 1
    const restored = isLast ? restore.restored : withBit(restore.restored, index, 1)
    const progress = { checkpoint: restore.checkpoint, restored }
    const stored = await this.#db.importChunk(root, nodes, progress, options)
    if (!stored.ok) return stored
    if (!isLast) {
      restore.restored = restored
      restore.pending.delete(index)
      return ok(false)
    }
    const completed = await this.#db.completeRestore(root, options)
    if (this.#current !== restore) return err(noRestore())
    if (!completed.ok) {
      const { error } = completed
      if (error.code !== 'NODE_NOT_FOUND') return completed
      return this.#failed(restore, proofFailed('incomplete', undefined, error), options)
    }
    this.#current = undefined
    return ok(true)
  }

  /** Passes a failure on; one that condemns the checkpoint ends the restore. */
  async #failed(
    { metadata }: Restore,
    error: RestoreError,
    options?: CallOptions,
  ): AsyncResult<never, RestoreError> {
    if (error.code !== 'CHUNK_PROOF_VERIFICATION_FAILED') return err(error)
    this.#current = undefined
    // Ignored: the note only lets a later restore of this bad checkpoint begin further on, and fail.
    void (await this.#db.forgetRestore(metadata.root, options))
    return err(error)
  }

  async #inOrder<T>(store: () => Promise<T>): Promise<T> {
    const mine = this.#storing.then(store)
    this.#storing = mine.catch(() => undefined)
    return mine
  }
}

function refusalOf(metadata: Metadata): MkvsError<'MALFORMED'> | MediumError | undefined {
  const valid = validateMetadata(metadata)
  if (!valid.ok) return valid.error
  if (metadata.version === CHECKPOINT_VERSION) return undefined
  const feature = `checkpoint format version ${metadata.version}`
  return coreError('UNSUPPORTED', `${feature} is not known`, { feature })
}
