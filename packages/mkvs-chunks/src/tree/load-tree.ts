import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { equalBytes, toHex } from '../bytes/bytes.ts'
import type { NodeDb, NodeDbError } from '../db/node-db.ts'
import { isEmptyRoot, type Root } from '../record/root.ts'
import type { Proof } from '../proof/proof.ts'
import type { ProofQuery } from '../proof/prove.ts'
import { visitLeaves } from './leaves.ts'
import type { Pointer } from './node.ts'
import { readAhead } from './read-ahead.ts'
import { Tree, type TreeError, type TreeOptions } from './tree.ts'
import { runStoredWalk } from './walk.ts'

/** Options of {@link loadTree}. */
export interface LoadOptions extends TreeOptions, CallOptions {
  /** Refuse a larger tree with `LIMIT_EXCEEDED`. Default 10 000 000. */
  readonly maxEntries?: number
}

/** A tree of ten million entries takes several GB. */
const MAX_ENTRIES = 10_000_000

/** Reads a whole tree into memory, to look into it and to edit it. */
export async function loadTree(
  db: NodeDb,
  root: Root,
  options: LoadOptions = {},
): AsyncResult<Tree, NodeDbError | TreeError> {
  const { maxEntries = MAX_ENTRIES } = options
  const tree = new Tree(options)
  let entries = 0
  let failure: TreeError | undefined
  const walked = await runStoredWalk(
    visitLeaves(topOf(root), ({ key, value }) => {
      if (++entries > maxEntries) {
        const details = { limit: 'maxEntries', maximum: maxEntries }
        failure = coreError('LIMIT_EXCEEDED', 'the tree is too large', details)
      } else {
        const inserted = tree.insert(key, value)
        if (!inserted.ok) failure = inserted.error
      }
      return failure === undefined
    }),
    readAhead(db, root, options),
  )
  if (!walked.ok) return walked
  if (failure !== undefined) return err(failure)
  if (equalBytes(tree.markCommitted(db), root.hash)) return ok(tree)
  const details = { what: 'tree', reason: 'not canonical', key: toHex(root.hash) }
  return err(coreError('CORRUPTED', 'the stored tree has not the shape of its entries', details))
}

/** Answers a query with a proof against a stored root. */
export function proveStored(
  db: NodeDb,
  root: Root,
  query: ProofQuery,
  options: CallOptions = {},
): AsyncResult<Proof, NodeDbError> {
  return runStoredWalk(query(topOf(root)), (pointer) => db.getNode(root, pointer, options))
}

function topOf(root: Root): Pointer | undefined {
  return isEmptyRoot(root) ? undefined : { hash: root.hash }
}
