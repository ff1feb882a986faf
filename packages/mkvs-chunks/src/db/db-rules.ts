import { coreError } from '@tidemark/core'
import { equalBytes } from '../bytes/bytes.ts'
import type { MediumError, NodeDbRefusal } from '../errors/mkvs-errors.ts'
import type { Namespace } from '../record/namespace.ts'
import { isEmptyRoot, ROOT_TYPE, rootFollows, type Root } from '../record/root.ts'
import type { DbState } from './db-records.ts'

// The rules of the original's node databases, in the order in which it looks at them.

/** The most versions that are not final: the original's limit. */
const MAX_PENDING_VERSIONS = 5000

/** What the rules look at. */
export interface RulesContext {
  readonly namespace: Namespace
  readonly state: DbState
  readonly knows: (root: Root) => boolean
}

/** Why a tree may not be committed under a root now. */
export function commitRefusal(
  { state, namespace, knows }: RulesContext,
  oldRoot: Root,
  root: Root,
): NodeDbRefusal | undefined {
  const { multipart, latest } = state
  if (multipart !== undefined) return 'multipart-in-progress'
  if (!equalBytes(root.namespace, namespace)) return 'bad-namespace'
  if (!rootFollows(oldRoot, root)) return 'root-must-follow'
  if (!isEmptyRoot(oldRoot)) {
    if (!knows(oldRoot)) return 'root-not-found'
    const mayHaveChildren = oldRoot.type === ROOT_TYPE.state
    if (!mayHaveChildren || oldRoot.version === root.version) return 'root-must-follow'
  }
  return latest !== undefined && root.version <= latest ? 'already-finalized' : undefined
}

/** Why roots may not be made final now. */
export function finalizeRefusal(
  { state, namespace, knows }: RulesContext,
  roots: readonly Root[],
): NodeDbRefusal | undefined {
  const { multipart, latest } = state
  const [first] = roots
  if (first === undefined) return 'root-not-found'
  if (roots.some((root) => !equalBytes(root.namespace, namespace))) return 'bad-namespace'
  if (roots.some((root) => root.version !== first.version)) return 'root-must-follow'
  if (new Set(roots.map((root) => root.type)).size < roots.length) return 'root-must-follow'
  if (latest !== undefined && first.version <= latest) return 'already-finalized'
  if (multipart !== undefined && multipart !== first.version) return 'invalid-multipart-version'
  if (multipart === undefined && latest !== undefined && first.version !== latest + 1n) {
    return 'not-finalized'
  }
  return roots.every((root) => isEmptyRoot(root) || knows(root)) ? undefined : 'root-not-found'
}

/** Why a part of this root's tree may not be brought now. */
export function multipartRefusal(
  { state, namespace }: RulesContext,
  root: Root,
): NodeDbRefusal | undefined {
  if (state.multipart === undefined) return 'multipart-in-progress'
  if (!equalBytes(root.namespace, namespace)) return 'bad-namespace'
  return state.multipart === root.version ? undefined : 'invalid-multipart-version'
}

/** Whether one more version that is not final is too many. */
export function pendingLimit({ latest, roots }: DbState, version: bigint): MediumError | undefined {
  const pending = new Set([version])
  for (const root of roots.values()) {
    if (latest === undefined || root.version > latest) pending.add(root.version)
  }
  if (pending.size <= MAX_PENDING_VERSIONS) return undefined
  const details = { limit: 'pendingVersions', maximum: MAX_PENDING_VERSIONS }
  return coreError('LIMIT_EXCEEDED', 'too many versions that are not final', details)
}

/** The next version after one that has a root. */
export function nextVersion({ roots }: DbState, after: bigint): bigint | undefined {
  let next: bigint | undefined
  for (const { version } of roots.values()) {
    if (version > after && (next === undefined || version < next)) next = version
  }
  return next
}
