import { coreError, err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import { equalBytes } from '../bytes/bytes.ts'
import { refused, type MediumError, type MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { isNamespace, type Namespace } from '../record/namespace.ts'
import { equalRoots, isEmptyRoot, type Root } from '../record/root.ts'
import type { Pointer, TreeNode } from '../tree/node.ts'
import {
  openRecords,
  progressOf,
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
} from './db-rules.ts'
import { dropRoots, removeDropped } from './drop-roots.ts'
import {
  abortMultipart,
  beginMultipart,
  completeRoot,
  importNodes,
  multipartRecords,
  type DbContext,
} from './multipart.ts'
import type { NodeDb, NodeDbError, NodesToStore, RestoreProgress } from './node-db.ts'
import type { NodeStore } from './node-store.ts'
import { readNode, readNodes, tagged, tagOf } from './tagged-nodes.ts'
import { inParts } from './write-parts.ts'

/** Options of {@link openNodeDb}. */
export interface NodeDbOptions {
  /** Where the nodes lie. The database closes it. */
  readonly store: NodeStore
  /** Whose trees these are. A store holds one namespace. */
  readonly namespace: Namespace
}

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
  const cleaned = await removeDropped(store, state.value)
  return cleaned.ok ? ok(new StoredNodeDb(store, namespace, state.value)) : cleaned
}

class StoredNodeDb implements NodeDb {
  readonly namespace: Namespace
  readonly #store: NodeStore
  readonly #state: DbState
  /** What was asked for last: walks ask for one root a million times. */
  #lastAsked: { readonly root: Root; readonly key: string } | undefined
  /** Changes happen one after another. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(store: NodeStore, namespace: Namespace, state: DbState) {
    this.#store = store
    this.namespace = namespace
    this.#state = state
  }

  get #context(): DbContext {
    const [store, namespace, state] = [this.#store, this.namespace, this.#state]
    return { store, namespace, state, knows: (root) => this.#knows(root) }
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

  async getNodes(
    root: Root,
    pointers: readonly Pointer[],
    options?: CallOptions,
  ): AsyncResult<readonly TreeNode[], NodeDbError> {
    if (!this.#knows(root)) return err(refused('root-not-found'))
    const hashes = pointers.map(({ hash }) => hash)
    return readNodes(this.#store, hashes, options)
  }

  commit(
    oldRoot: Root,
    root: Root,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    return this.#exclusive(async () => {
      const refusal = commitRefusal(this.#context, oldRoot, root)
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
      const refusal = finalizeRefusal(this.#context, roots)
      if (refusal !== undefined) return err(refused(refusal))
      const version = roots[0]?.version ?? 0n
      const losers = this.rootsOf(version).filter((old) => !roots.some((r) => equalRoots(r, old)))
      const earliest = this.#state.earliest ?? version
      const empty = roots.filter((root) => !this.#knows(root))
      const ended = await multipartRecords(this.#context)
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
      return dropRoots(this.#context, losers)
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
      return dropRoots(this.#context, roots)
    })
  }

  startMultipartInsert(version: bigint, options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(() => beginMultipart(this.#context, version, options))
  }

  abortMultipartInsert(options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(() => abortMultipart(this.#context, options))
  }

  importChunk(
    root: Root,
    nodes: NodesToStore,
    progress: RestoreProgress,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    return this.#exclusive(() => importNodes(this.#context, root, nodes, progress, options))
  }

  async restoreProgress(
    root: Root,
    options?: CallOptions,
  ): AsyncResult<RestoreProgress | undefined, NodeDbError> {
    if (multipartRefusal(this.#context, root) !== undefined) return ok(undefined)
    const record = await this.#store.record(rootRecord('restore', root), options)
    if (!record.ok) return record
    return ok(record.value === undefined ? undefined : progressOf(record.value))
  }

  forgetRestore(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    const deleteRecords = [rootRecord('restore', root)]
    return this.#exclusive(() => this.#store.write({ deleteRecords }, options))
  }

  completeRestore(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    return this.#exclusive(() => completeRoot(this.#context, root, options))
  }

  async close(): Promise<void> {
    await this.#last
    await this.#store.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #knows(root: Root): boolean {
    if (root !== this.#lastAsked?.root) {
      if (!equalBytes(root.namespace, this.namespace)) return false
      this.#lastAsked = { root, key: rootKey(root) }
    }
    return this.#state.roots.has(this.#lastAsked.key)
  }

  async #putNodes(
    version: bigint,
    nodes: NodesToStore,
    options?: CallOptions,
  ): AsyncResult<void, NodeDbError> {
    // Commits usually come in order of their versions; if not, a node keeps its newest version.
    const isNewest = [...this.#state.roots.values()].every((root) => root.version <= version)
    for (const { part } of inParts(nodes)) {
      const putNodes: (readonly [Hash, Uint8Array])[] = []
      for (const [hash, bytes] of part) {
        const known = isNewest ? ok(undefined) : await this.#store.get(hash, options)
        if (!known.ok) return known
        const newest = known.value === undefined ? version : max(version, tagOf(known.value))
        putNodes.push([hash, tagged(bytes, newest)])
      }
      const written = await this.#store.write({ putNodes }, options)
      if (!written.ok) return written
    }
    return ok()
  }

  async #publish(root: Root, options?: CallOptions): AsyncResult<void, NodeDbError> {
    const putRecords = [textRecord(rootRecord('root', root), '')]
    const written = await this.#store.write({ putRecords }, options)
    if (written.ok) this.#state.roots.set(rootKey(root), root)
    return written
  }

  async #exclusive<T>(change: () => Promise<T>): Promise<T> {
    const before = this.#last
    const mine = before.then(change)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
