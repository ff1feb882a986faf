import { err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { concatBytes, NO_BYTES } from '../bytes/bytes.ts'
import { refused } from '../errors/mkvs-errors.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'
import { isEmptyRoot, type Root } from '../record/root.ts'
import { progressRecord, RECORD, rootKey, rootRecord, textRecord } from './db-records.ts'
import { multipartRefusal, type RulesContext } from './db-rules.ts'
import type { NodeDbError, NodesToStore, RestoreProgress } from './node-db.ts'
import type { NodeStore } from './node-store.ts'
import { checkWhole, HASHES_PER_READ, withTags } from './tagged-nodes.ts'
import { inParts, type NodePart } from './write-parts.ts'

// A multipart insert brings the trees of one version in chunks, and a chunk in parts. Each part is
// written together with its journal (the hashes it brought), the last one of a chunk also with the
// note of how far its restore is.

/** What the parts of a node database share. */
export interface DbContext extends RulesContext {
  readonly store: NodeStore
}

/** Begins the insert of a version, or goes on with it. */
export async function beginMultipart(
  { store, state }: DbContext,
  version: bigint,
  options?: CallOptions,
): AsyncResult<void, NodeDbError> {
  const { multipart, latest } = state
  if (version === 0n) return err(refused('invalid-multipart-version'))
  if (multipart === version) return ok()
  if (multipart !== undefined) return err(refused('multipart-in-progress'))
  if (latest !== undefined && version <= latest) return err(refused('already-finalized'))
  const putRecords = [textRecord(RECORD.multipart, `${version}`)]
  const written = await store.write({ putRecords }, options)
  if (written.ok) state.multipart = version
  return written
}

/**
 * Ends the insert and removes what it brought. First of all nobody finds its roots and notes any
 * more: after a crash in between, a restore begins anew and does not count on what is gone.
 */
export async function abortMultipart(
  context: DbContext,
  options?: CallOptions,
): AsyncResult<void, NodeDbError> {
  const { store, state } = context
  const { multipart } = state
  if (multipart === undefined) return ok()
  const roots = [...state.roots.values()].filter((root) => root.version === multipart)
  const notes = await store.recordNames('restore/', options)
  if (!notes.ok) return notes
  const deleteRecords = [...notes.value, ...roots.map((root) => rootRecord('root', root))]
  const hidden = await store.write({ deleteRecords }, options)
  if (!hidden.ok) return hidden
  for (const root of roots) state.roots.delete(rootKey(root))
  for (let name = state.journals.at(-1); name !== undefined; name = state.journals.at(-1)) {
    const journal = await store.record(name, options)
    if (!journal.ok) return journal
    const deleteNodes = splitHashes(journal.value ?? NO_BYTES)
    const removed = await store.write({ deleteNodes, deleteRecords: [name] }, options)
    if (!removed.ok) return removed
    state.journals.pop()
  }
  const ended = await store.write({ deleteRecords: [RECORD.multipart] }, options)
  if (ended.ok) state.multipart = undefined
  return ended
}

/** Stores nodes of a root's tree and then the note of its restore, which counts on all of them. */
export async function importNodes(
  context: DbContext,
  root: Root,
  nodes: NodesToStore,
  progress: RestoreProgress,
  options?: CallOptions,
): AsyncResult<void, NodeDbError> {
  const refusal = multipartRefusal(context, root)
  if (refusal !== undefined) return err(refused(refusal))
  const { store, state } = context
  for (const { part, isLast } of inParts(nodes)) {
    const brought = await newNodes(context, root.version, part, options)
    if (!brought.ok) return brought
    const journal = nextJournal(state.journals.at(-1))
    // Known before it is there: a write that fails may have happened.
    state.journals.push(journal)
    const putRecords = [[journal, brought.value] as const]
    if (isLast) putRecords.push(progressRecord(root, progress))
    const putNodes = withTags(part, root.version)
    const written = await store.write({ putNodes, putRecords }, options)
    if (!written.ok) return written
  }
  return ok()
}

/**
 * Makes a root one that can be read, if every node of its tree is there. Its note stays until the
 * insert ends: whoever dies before that goes on with the last chunk, and not with the first.
 */
export async function completeRoot(
  context: DbContext,
  root: Root,
  options?: CallOptions,
): AsyncResult<void, NodeDbError> {
  const refusal = multipartRefusal(context, root)
  if (refusal !== undefined) return err(refused(refusal))
  const { store, state } = context
  const whole = isEmptyRoot(root) ? ok() : await checkWhole(store, root.hash, options)
  if (!whole.ok) return whole
  const putRecords = [textRecord(rootRecord('root', root), '')]
  const written = await store.write({ putRecords }, options)
  if (written.ok) state.roots.set(rootKey(root), root)
  return written
}

/** The names of the records that end with the insert. */
export async function multipartRecords({
  store,
  state,
}: DbContext): AsyncResult<string[], NodeDbError> {
  if (state.multipart === undefined) return ok([])
  const notes = await store.recordNames('restore/')
  return notes.ok ? ok([RECORD.multipart, ...state.journals, ...notes.value]) : notes
}

/** The hashes of those nodes that no tree has yet, joined: what an abort removes again. */
async function newNodes(
  { store, state }: DbContext,
  version: bigint,
  part: NodePart,
  options?: CallOptions,
): AsyncResult<Uint8Array, NodeDbError> {
  const hashes = part.map(([hash]) => hash)
  if ([...state.roots.values()].every((root) => root.version === version)) {
    return ok(concatBytes(hashes))
  }
  const brought: Hash[] = []
  for (let at = 0; at < hashes.length; at += HASHES_PER_READ) {
    const asked = hashes.slice(at, at + HASHES_PER_READ)
    const known = await store.getMany(asked, options)
    if (!known.ok) return known
    brought.push(...asked.filter((_, i) => known.value[i] === undefined))
  }
  return ok(concatBytes(brought))
}

const JOURNAL = 'journal/'

/** Journals are numbered; names that sort like their numbers. */
function nextJournal(last: string | undefined): string {
  const number = last === undefined ? 0 : Number(last.slice(JOURNAL.length)) + 1
  return `${JOURNAL}${`${number}`.padStart(10, '0')}`
}

/** The hashes that a journal holds, one after another. */
function splitHashes(bytes: Uint8Array): Hash[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}
