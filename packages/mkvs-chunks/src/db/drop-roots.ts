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
    const unshared = isEmptyRoot(root) ? ok([]) : await onlyIn(store, state, root)
    if (!unshared.ok) return unshared
    const hashes = unshared.value.toReversed()
    for (let at = 0; at < hashes.length; at += NODES_PER_WRITE) {
      const deleteNodes = hashes.slice(at, at + NODES_PER_WRITE)
      const removed = await store.write({ deleteNodes })
      if (!removed.ok) return removed
    }
    const done = await store.write({ deleteRecords: [rootRecord('drop', root)] })
    if (!done.ok) return done
  }
  state.dropped.length = 0
  return ok()
}

/** The nodes of a dropped root that no other root needs. */
function onlyIn(store: NodeStore, state: DbState, root: Root): AsyncResult<Hash[], DropError> {
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
