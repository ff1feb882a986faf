import { ok, type AsyncResult } from '@tidemark/core'
import type { MediumError, MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { isEmptyRoot, type Root } from '../record/root.ts'
import { rootKey, rootRecord, type DbState } from './db-records.ts'
import { nextVersion } from './db-rules.ts'
import type { NodeStore } from './node-store.ts'
import { unsharedNodes } from './tagged-nodes.ts'
import { NODES_PER_WRITE } from './write-parts.ts'

/** Why nodes could not be removed. */
type DropError = MediumError | MkvsError<'NODE_NOT_FOUND'>

/** Forgets roots, whose `drop` records are written, and removes their nodes. */
export function dropRoots(
  { store, state }: { readonly store: NodeStore; readonly state: DbState },
  roots: readonly Root[],
): AsyncResult<void, DropError> {
  for (const root of roots) state.roots.delete(rootKey(root))
  state.dropped.push(...roots)
  return removeDropped(store, state)
}

/** Removes the nodes of roots that are no longer there, and then the note to do so. */
export async function removeDropped(
  store: NodeStore,
  state: DbState,
): AsyncResult<void, DropError> {
  for (const root of state.dropped) {
    const removed = isEmptyRoot(root) ? ok() : await removeNodes(store, onlyIn(store, state, root))
    if (!removed.ok) return removed
    const done = await store.write({ deleteRecords: [rootRecord('drop', root)] })
    if (!done.ok) return done
  }
  state.dropped.length = 0
  return ok()
}

/** Removes nodes in their order, many at a time. */
async function removeNodes(
  store: NodeStore,
  nodes: ReturnType<typeof unsharedNodes>,
): AsyncResult<void, DropError> {
  let deleteNodes: Hash[] = []
  let step = await nodes.next()
  for (; step.done !== true; step = await nodes.next()) {
    if (deleteNodes.push(step.value) < NODES_PER_WRITE) continue
    const removed = await store.write({ deleteNodes })
    if (!removed.ok) return removed
    deleteNodes = []
  }
  return step.value.ok ? store.write({ deleteNodes }) : step.value
}

/** The nodes of a dropped root that no other root needs. */
function onlyIn(store: NodeStore, state: DbState, root: Root): ReturnType<typeof unsharedNodes> {
  const { roots, earliest } = state
  const others = [...roots.values()].filter((other) => !isEmptyRoot(other))
  const version = nextVersion(state, root.version)
  const next = others.filter((other) => other.version === version)
  // A root that lost against another of its version may share nodes with any older one.
  const wasPruned = earliest !== undefined && root.version < earliest
  const kept = { next: next.map(hashOf), all: others.map(hashOf) }
  return unsharedNodes(store, root.hash, kept, wasPruned ? root.version : -1n)
}

function hashOf(root: Root): Hash {
  return root.hash
}
