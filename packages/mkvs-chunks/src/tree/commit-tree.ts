import { err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import type { NodeDb, NodeDbError } from '../db/node-db.ts'
import type { MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import type { Root } from '../record/root.ts'
import { ROOT_TYPE } from '../record/root.ts'
import { EMPTY_HASH } from './node.ts'
import type { Tree, TreeError } from './tree.ts'
import type { WriteLog } from './write-log.ts'

/** Options of {@link commitTree}. */
export interface CommitOptions extends CallOptions {
  /** The version to commit under. */
  readonly version: bigint
  /** Default {@link ROOT_TYPE}`.state`. */
  readonly type?: number
  /** The root that the tree was last committed under. Default: an empty tree of this version. */
  readonly oldRoot?: Root
  /** Refuse with `ROOT_MISMATCH`, and write nothing, when the tree has another hash. */
  readonly expected?: Hash
}

/** Why a tree was not committed. */
export type CommitError = TreeError | NodeDbError | MkvsError<'ROOT_MISMATCH'>

/**
 * Stores a tree in a node database under a version. After `ok` its root can be read there, and the
 * tree's write log begins anew. On a failure the tree is as before; repeat the call.
 *
 * @example
 * import { commitTree, MemoryNodeStore, openNodeDb, testNamespace, Tree, unwrap } from '@tidemark/mkvs-chunks'
 *
 * const namespace = testNamespace('example')
 * const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
 * const tree = new Tree()
 * tree.insert(new Uint8Array([1]), new Uint8Array([2]))
 * const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
 * unwrap(await db.finalize([root]))
 */
export async function commitTree(
  tree: Tree,
  db: NodeDb,
  options: CommitOptions,
): AsyncResult<{ readonly root: Root; readonly writeLog: WriteLog }, CommitError> {
  const { version, type = ROOT_TYPE.state, expected } = options
  const commit = tree.beginCommit(db, expected)
  if (!commit.ok) return commit
  const { hash, writeLog, nodes, end } = commit.value
  const root = { namespace: db.namespace, version, type, hash }
  const oldRoot = options.oldRoot ?? { ...root, hash: EMPTY_HASH }
  let stored = false
  try {
    const written = await db.commit(oldRoot, root, nodes(), options)
    stored = written.ok
    return written.ok ? ok({ root, writeLog }) : err(written.error)
  } finally {
    end(stored)
  }
}
