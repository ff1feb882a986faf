import { err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { NO_BYTES } from '../bytes/bytes.ts'
import { refused } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { isEmptyRoot, type Root } from '../record/root.ts'
import { progressRecord, RECORD, rootKey, rootRecord, textRecord } from './db-records.ts'
import { multipartRefusal, type RulesContext } from './db-rules.ts'
import { hashList, splitHashes } from './journal.ts'
import type { NodeDbError, NodesToStore, RestoreProgress } from './node-db.ts'
import type { NodeStore } from './node-store.ts'
import { checkWhole, HASHES_PER_READ, withTags } from './tagged-nodes.ts'

// A multipart insert brings the trees of one version in parts. Each part is written together with
// its journal (the hashes it brought) and the note of how far its restore is.

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

/** Stores a part of a root's tree, its journal and the note of its restore, all or nothing. */
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
  const brought = await newNodes(context, root.version, nodes, options)
  if (!brought.ok) return brought
  const journal = nextJournal(state.journals.at(-1))
  const putRecords = [[journal, brought.value] as const, progressRecord(root, progress)]
  const putNodes = withTags(nodes, root.version)
  const written = await store.write({ putNodes, putRecords }, options)
  if (written.ok) state.journals.push(journal)
  return written
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
  nodes: NodesToStore,
  options?: CallOptions,
): AsyncResult<Uint8Array, NodeDbError> {
  const brought = hashList()
  if ([...state.roots.values()].every((root) => root.version === version)) {
    for (const [hash] of nodes) brought.add(hash)
    return ok(brought.joined())
  }
  for (const hashes of hashesOf(nodes)) {
    const known = await store.getMany(hashes, options)
    if (!known.ok) return known
    for (const [i, hash] of hashes.entries()) {
      if (known.value[i] === undefined) brought.add(hash)
    }
  }
  return ok(brought.joined())
}

/** The hashes of nodes, many at a time. */
function* hashesOf(nodes: NodesToStore): Iterable<readonly Hash[]> {
  let hashes: Hash[] = []
  for (const [hash] of nodes) {
    hashes.push(hash)
    if (hashes.length < HASHES_PER_READ) continue
    yield hashes
    hashes = []
  }
  yield hashes
}

const JOURNAL = 'journal/'

/** Journals are numbered; names that sort like their numbers. */
function nextJournal(last: string | undefined): string {
  const number = last === undefined ? 0 : Number(last.slice(JOURNAL.length)) + 1
  return `${JOURNAL}${`${number}`.padStart(10, '0')}`
}
