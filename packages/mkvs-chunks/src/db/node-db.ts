import type { AsyncResult, CallOptions } from '@tidemark/core'
import type { MediumError, MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import type { Namespace } from '../record/namespace.ts'
import type { Root } from '../record/root.ts'
import type { Pointer, TreeNode } from '../tree/node.ts'

/** Why a node database cannot do something. */
export type NodeDbError = MediumError | MkvsError<'NODE_DB_REFUSED' | 'NODE_NOT_FOUND'>

/** Nodes with their hashes, children before their parents. */
export type NodesToStore = Iterable<readonly [hash: Hash, bytes: Uint8Array]>

/**
 * The trees of one namespace, version by version, over a {@link NodeStore}.
 *
 * A tree is committed under a root. `finalize` makes the roots of a version final, and drops the
 * other ones. `prune` drops the earliest version. A checkpoint is restored between
 * `startMultipartInsert` and `finalize`; an unfinished restore survives a crash.
 */
export interface NodeDb extends AsyncDisposable {
  readonly namespace: Namespace
  /** The earliest final version that is still there. */
  readonly earliestVersion: bigint | undefined
  /** The newest final version. */
  readonly latestVersion: bigint | undefined
  /** The version whose checkpoint is being restored. */
  readonly multipartVersion: bigint | undefined

  /** Whether a tree of this root can be read. The empty one always can. */
  hasRoot(root: Root): boolean

  /** The roots of a version, final or not; none when it is not there. */
  rootsOf(version: bigint): readonly Root[]

  /** Finds the node at a pointer of this root's tree. `CORRUPTED` when its bytes have changed. */
  getNode(root: Root, pointer: Pointer, o?: CallOptions): AsyncResult<TreeNode, NodeDbError>

  /** What {@link getNode} finds at each of some pointers, in their order, or the first failure. */
  getNodes(
    root: Root,
    pointers: readonly Pointer[],
    o?: CallOptions,
  ): AsyncResult<readonly TreeNode[], NodeDbError>

  /**
   * Stores a tree that was made from `oldRoot`'s. After `ok` it can be read, also after a crash.
   * The nodes that the two trees share need not be in `nodes`.
   */
  commit(
    oldRoot: Root,
    root: Root,
    nodes: NodesToStore,
    o?: CallOptions,
  ): AsyncResult<void, NodeDbError>

  /** Makes these the final roots of their version, one per type, and drops its other roots. */
  finalize(roots: readonly Root[], o?: CallOptions): AsyncResult<void, NodeDbError>

  /** Drops the earliest version, which must not be the latest. */
  prune(version: bigint, o?: CallOptions): AsyncResult<void, NodeDbError>

  /** Begins, or goes on with, the restore of a version. */
  startMultipartInsert(version: bigint, o?: CallOptions): AsyncResult<void, NodeDbError>

  /** Ends the restore and removes the nodes it brought. Without one: nothing happens. */
  abortMultipartInsert(o?: CallOptions): AsyncResult<void, NodeDbError>

  /**
   * Stores the nodes of a part of a tree, and last of all a note of how far the restore is. Nodes
   * that a crash leaves without their note go with `abortMultipartInsert`. Only during a multipart
   * insert of the root's version.
   */
  importChunk(
    root: Root,
    nodes: NodesToStore,
    progress: RestoreProgress,
    o?: CallOptions,
  ): AsyncResult<void, NodeDbError>

  /** The note of {@link importChunk} for this root, if its multipart insert is still open. */
  restoreProgress(
    root: Root,
    o?: CallOptions,
  ): AsyncResult<RestoreProgress | undefined, NodeDbError>

  /** Removes the note. The nodes stay until the multipart insert is aborted. */
  forgetRestore(root: Root, o?: CallOptions): AsyncResult<void, NodeDbError>

  /**
   * Makes a restored root one that can be read and finalized, if every node of its tree is there;
   * `NODE_NOT_FOUND` names the first one that is not.
   */
  completeRestore(root: Root, o?: CallOptions): AsyncResult<void, NodeDbError>

  /** Lets go of the store. Safe to repeat. */
  close(): Promise<void>
}

/** How far the restore of one checkpoint is. */
export interface RestoreProgress {
  /** Which checkpoint: the hash of its metadata. */
  readonly checkpoint: Hash
  /** One bit per chunk, most significant first: restored. */
  readonly restored: Uint8Array
}
