import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { equalBytes, NO_BYTES } from '../bytes/bytes.ts'
import { refused, type MediumError, type MkvsError } from '../errors/mkvs-errors.ts'
import { type Hash } from '../hash/hash.ts'
import { isNamespace, type Namespace } from '../record/namespace.ts'
import { equalRoots, isEmptyRoot, type Root } from '../record/root.ts'
import type { Pointer, TreeNode } from '../tree/node.ts'
import {
  openRecords,
  progressOf,
  progressRecord,
  RECORD,
  rootKey,
  rootRecord,
  textRecord,
  type DbState,
} from './db-records.ts'
import {
  commitRefusal,
  finalizeRefusal,
  multipartRefusal,
  nextVersion,
  pendingLimit,
  type RulesContext,
} from './db-rules.ts'
import { hashList, splitHashes } from './journal.ts'
import type { NodeDb, NodeDbError, NodesToStore, RestoreProgress } from './node-db.ts'
import type { NodeStore } from './node-store.ts'
import { checkWhole, HASHES_PER_READ, readNode, tagged, tagOf, unsharedNodes } from './tagged-nodes.ts'

/** Options of {@link openNodeDb}. */
export interface NodeDbOptions {
  /** Where the nodes lie. The database closes it. */
  readonly store: NodeStore
  /** Whose trees these are. A store holds one namespace. */
  readonly namespace: Namespace
}

/** Nodes are written in batches of so many, so that a large tree needs no large memory. */
const NODES_PER_WRITE = 4096

/**
 * Opens the trees in a store; an empty store is made ready. What a crash left half removed is
 * removed now; an unfinished multipart insert stays open.
 *
 * May answer `INVALID_ARGUMENT` for a store of another namespace, `CORRUPTED`, `IO_FAILED`.
 */
export async function openNodeDb(
  options: NodeDbOptions,
): AsyncResult<NodeDb, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
  const { store, namespace } = options
  if (!isNamespace(namespace)) {
    const reason = 'malformed namespace'
    return err(coreError('INVALID_ARGUMENT', reason, { argument: 'namespace', reason }))
  }
  const state = await openRecords(store, namespace)
  if (!state.ok) return state
  const db = new StoredNodeDb(store, namespace, state.value)
  const cleaned = await db.removeDropped()
  return cleaned.ok ? ok(db) : cleaned
}

class StoredNodeDb implements NodeDb {
  readonly namespace: Namespace
  readonly #store: NodeStore
  readonly #state: DbState
  #journals: number
  /** The root that was asked for last: walks ask for one root a million times. */
  #lastKnown: Root | undefined
  /** Changes happen one after another. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: NodeStore, namespace: Namespace, state: DbState) {
    this.#store = store
    this.namespace = namespace
    this.#state = state
    this.#journals = state.journals.length
  }

  /** What the rules look at. */
  get #rules(): RulesContext {
    return { namespace: this.namespace, state: this.#state, knows: (root) => this.#knows(root) }
  }

  get earliestVersion(): bigint | undefined {
    return this.#state.earliest
  }

  get latestVersion(): bigint | undefined {
    return this.#state.latest
  }

  get multipartVersion(): bigint | undefined {
    return this.#state.multipart
  }

  hasRoot(root: Root): boolean {
    return isEmptyRoot(root) || this.#knows(root)
  }

  rootsOf(version: bigint): readonly Root[] {
    return [...this.#state.roots.values()].filter((root) => root.version === version)
  }

  async getNode(
    root: Root,
    pointer: Pointer,
    options?: CallOptions,
  ): AsyncResult<TreeNode, NodeDbError> {
    if (!this.#knows(root)) return err(refused('root-not-found'))
    const found = await readNode(this.#store, pointer.hash, options)
    return found.ok ? ok(found.value.node) : found
  }

  commit(
    oldRoot: Root,
    root: Root,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const refusal = commitRefusal(this.#rules, oldRoot, root)
      if (refusal !== undefined) return err(refused(refusal))
      if (this.#knows(root)) return ok()
      const limit = pendingLimit(this.#state, root.version)
      if (limit !== undefined) return err(limit)
      const written = await this.#putNodes(root.version, nodes, options)
      if (!written.ok) return written
      return this.#publish(root, options)
    })
  }

  finalize(roots: readonly Root[], options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const refusal = finalizeRefusal(this.#rules, roots)
      if (refusal !== undefined) return err(refused(refusal))
      const version = roots[0]?.version ?? 0n
      const losers = this.rootsOf(version).filter((old) => !roots.some((r) => equalRoots(r, old)))
      const earliest = this.#state.earliest ?? version
      const empty = roots.filter((root) => !this.#knows(root))
      const ended = await this.#multipartRecords()
      if (!ended.ok) return ended
      const written = await this.#store.write(
        {
          putRecords: [
            textRecord(RECORD.latest, `${version}`),
            textRecord(RECORD.earliest, `${earliest}`),
            ...empty.map((root) => textRecord(rootRecord('root', root), '')),
            ...losers.map((root) => textRecord(rootRecord('drop', root), '')),
          ],
          deleteRecords: [...losers.map((root) => rootRecord('root', root)), ...ended.value],
        },
        options,
      )
      if (!written.ok) return written
      Object.assign(this.#state, { earliest, latest: version, multipart: undefined, journals: [] })
      for (const root of empty) this.#state.roots.set(rootKey(root), root)
      return this.#drop(losers)
    })
  }

  prune(version: bigint, options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const { earliest, latest, multipart } = this.#state
      if (multipart !== undefined) return err(refused('multipart-in-progress'))
      if (latest === undefined || version > latest) return err(refused('not-finalized'))
      if (version !== earliest) return err(refused('not-earliest'))
      if (version === latest) return err(refused('cannot-prune-latest'))
      const roots = this.rootsOf(version)
      const next = nextVersion(this.#state, version) ?? latest
      const written = await this.#store.write(
        {
          putRecords: [
            textRecord(RECORD.earliest, `${next}`),
            ...roots.map((root) => textRecord(rootRecord('drop', root), '')),
          ],
          deleteRecords: roots.map((root) => rootRecord('root', root)),
        },
        options,
      )
      if (!written.ok) return written
      this.#state.earliest = next
      return this.#drop(roots)
    })
  }

  startMultipartInsert(version: bigint, options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const { multipart, latest } = this.#state
      if (version === 0n) return err(refused('invalid-multipart-version'))
      if (multipart === version) return ok()
      if (multipart !== undefined) return err(refused('multipart-in-progress'))
      if (latest !== undefined && version <= latest) return err(refused('already-finalized'))
      const putRecords = [textRecord(RECORD.multipart, `${version}`)]
      const written = await this.#store.write({ putRecords }, options)
      if (written.ok) this.#state.multipart = version
      return written
    })
  }

  abortMultipartInsert(options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const version = this.#state.multipart
      if (version === undefined) return ok()
      for (const name of this.#state.journals) {
        const journal = await this.#store.record(name, options)
        if (!journal.ok) return journal
        const deleteNodes = splitHashes(journal.value ?? NO_BYTES)
        const removed = await this.#store.write({ deleteNodes, deleteRecords: [name] }, options)
        if (!removed.ok) return removed
      }
      const roots = this.rootsOf(version)
      const records = await this.#multipartRecords()
      if (!records.ok) return records
      const deleteRecords = [...records.value, ...roots.map((root) => rootRecord('root', root))]
      const ended = await this.#store.write({ deleteRecords }, options)
      if (!ended.ok) return ended
      this.#lastKnown = undefined
      for (const root of roots) this.#state.roots.delete(rootKey(root))
      Object.assign(this.#state, { multipart: undefined, journals: [] })
      return ok()
    })
  }

  importChunk(
    root: Root,
    nodes: NodesToStore,
    progress: RestoreProgress,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const refusal = multipartRefusal(this.#rules, root)
      if (refusal !== undefined) return err(refused(refusal))
      const brought = await this.#newNodes(root.version, nodes, options)
      if (!brought.ok) return brought
      const journal = `journal/${`${this.#journals}`.padStart(10, '0')}`
      const putRecords = [
        [journal, brought.value] as const,
        progressRecord(root, progress),
      ]
      const putNodes = withTags(nodes, root.version)
      const written = await this.#store.write({ putNodes, putRecords }, options)
      if (!written.ok) return written
      this.#journals++
      this.#state.journals.push(journal)
      return ok()
    })
  }

  async restoreProgress(
    root: Root,
    options?: CallOptions,
  ): AsyncResult<RestoreProgress | undefined, NodeDbError> {
    if (multipartRefusal(this.#rules, root) !== undefined) return ok(undefined)
    const record = await this.#store.record(rootRecord('restore', root), options)
    if (!record.ok) return record
    return ok(record.value === undefined ? undefined : progressOf(record.value))
  }

  forgetRestore(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    const deleteRecords = [rootRecord('restore', root)]
    return this.#exclusive(() => this.#store.write({ deleteRecords }, options))
  }

  completeRestore(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const refusal = multipartRefusal(this.#rules, root)
      if (refusal !== undefined) return err(refused(refusal))
      const whole = isEmptyRoot(root) ? ok() : await checkWhole(this.#store, root.hash, options)
      if (!whole.ok) return whole
      const putRecords = [textRecord(rootRecord('root', root), '')]
      const deleteRecords = [rootRecord('restore', root)]
      const written = await this.#store.write({ putRecords, deleteRecords }, options)
      if (written.ok) this.#state.roots.set(rootKey(root), root)
      return written
    })
  }

  /** Removes the nodes of roots that are no longer there, and then the note to do so. */
  async removeDropped(): AsyncResult<void, MediumError | MkvsError<'NODE_NOT_FOUND'>> {
    for (const root of this.#state.dropped) {
      const unshared = isEmptyRoot(root) ? ok([]) : await this.#onlyIn(root)
      if (!unshared.ok) return unshared
      const hashes = unshared.value.toReversed()
      for (let at = 0; at < hashes.length; at += NODES_PER_WRITE) {
        const deleteNodes = hashes.slice(at, at + NODES_PER_WRITE)
        const removed = await this.#store.write({ deleteNodes })
        if (!removed.ok) return removed
      }
      const done = await this.#store.write({ deleteRecords: [rootRecord('drop', root)] })
      if (!done.ok) return done
    }
    this.#state.dropped.length = 0
    return ok()
  }

  async close(): Promise<void> {
    await this.#last
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The nodes of a dropped root that no other root needs. */
  #onlyIn(root: Root): AsyncResult<Hash[], MediumError | MkvsError<'NODE_NOT_FOUND'>> {
    const { roots, earliest } = this.#state
    const others = [...roots.values()].filter((other) => !isEmptyRoot(other))
    const version = nextVersion(this.#state, root.version)
    const next = others.filter((other) => other.version === version)
    const all = others.map(hashOf)
    // A root that lost against another of its version may share nodes with any older one.
    const wasPruned = earliest !== undefined && root.version < earliest
    const upTo = wasPruned ? root.version : -1n
    return unsharedNodes(this.#store, root.hash, { next: next.map(hashOf), all }, upTo)
  }

  #knows(root: Root): boolean {
    if (root === this.#lastKnown) return true
    const knows = equalBytes(root.namespace, this.namespace) && this.#state.roots.has(rootKey(root))
    if (knows) this.#lastKnown = root
    return knows
  }

  /** The hashes of those nodes that no tree has yet, joined: what an abort removes again. */
  async #newNodes(
    version: bigint,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<Uint8Array, NodeDbError> {
    const mayBeThere = [...this.#state.roots.values()].some((root) => root.version !== version)
    const brought = hashList()
    for (const hashes of batches(nodes)) {
      const known = mayBeThere ? await this.#store.getMany(hashes, options) : ok([])
      if (!known.ok) return known
      for (const [i, hash] of hashes.entries()) {
        if (known.value[i] === undefined) brought.add(hash)
      }
    }
    return ok(brought.joined())
  }

  async #putNodes(
    version: bigint,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    // Commits usually come in order of their versions; if not, a node keeps its newest version.
    const isNewest = [...this.#state.roots.values()].every((root) => root.version <= version)
    let putNodes: (readonly [Hash, Uint8Array])[] = []
    for (const [hash, bytes] of nodes) {
      const known = isNewest ? ok(undefined) : await this.#store.get(hash, options)
      if (!known.ok) return known
      const newest = known.value === undefined ? version : max(version, tagOf(known.value))
      putNodes.push([hash, tagged(bytes, newest)])
      if (putNodes.length < NODES_PER_WRITE) continue
      const written = await this.#store.write({ putNodes }, options)
      if (!written.ok) return written
      putNodes = []
    }
    return this.#store.write({ putNodes }, options)
  }

  async #publish(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    const putRecords = [textRecord(rootRecord('root', root), '')]
    const written = await this.#store.write({ putRecords }, options)
    if (written.ok) this.#state.roots.set(rootKey(root), root)
    return written
  }

  async #drop(roots: readonly Root[]): AsyncResult<void, NodeDbError> {
    this.#lastKnown = undefined
    for (const root of roots) this.#state.roots.delete(rootKey(root))
    this.#state.dropped.push(...roots)
    return this.removeDropped()
  }

  /** The names of the records that end with the multipart insert. */
  async #multipartRecords(): AsyncResult<string[], NodeDbError> {
    if (this.#state.multipart === undefined) return ok([])
    const notes = await this.#store.recordNames('restore/')
    if (!notes.ok) return notes
    return ok([RECORD.multipart, ...this.#state.journals, ...notes.value])
  }

  async #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const before = this.#last
    const mine = before.then(change)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

/** The hashes of nodes, many at a time. */
function* batches(nodes: NodesToStore): Iterable<readonly Hash[]> {
  let hashes: Hash[] = []
  for (const [hash] of nodes) {
    hashes.push(hash)
    if (hashes.length < HASHES_PER_READ) continue
    yield hashes
    hashes = []
  }
  yield hashes
}

function* withTags(nodes: NodesToStore, version: bigint): NodesToStore {
  for (const [hash, bytes] of nodes) yield [hash, tagged(bytes, version)]
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

function hashOf(root: Root): Hash {
  return root.hash
}
