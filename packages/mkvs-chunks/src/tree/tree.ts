import { coreError, err, ok, type CoreError, type Result } from '@tidemark/core'
import { concatBytes, copyBytes, equalBytes, toHex } from '../bytes/bytes.ts'
import { mkvsError, type MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import type { Proof } from '../proof/proof.ts'
import type { ProofQuery } from '../proof/prove.ts'
import { insertLeaf, removeLeaf, type RootHolder } from './edit.ts'
import { encodeNode } from './node-codec.ts'
import { MAX_KEY_BYTES, type Pointer, type TreeNode } from './node.ts'
import {
  findLeaf,
  hashTree,
  nodeView,
  pointerTo,
  seekLeaf,
  nodesToStore,
  type ResidentNode,
} from './resident.ts'
import { runWalk, type Walk } from './walk.ts'
import {
  noteTouched,
  startNextLog,
  writeLogOf,
  type WriteLog,
  type WriteLogBook,
} from './write-log.ts'

/** Why an edit is refused. Nothing has changed then. */
export type TreeError = CoreError<'CLOSED' | 'LIMIT_EXCEEDED'> | MkvsError<'BUSY'>

/** Bounds of a tree in memory. */
export interface TreeOptions {
  /** The longest value, in bytes. Default 16 MiB: a chunk holds at least one whole value. */
  readonly maxValueBytes?: number
}

/** What {@link Tree.beginCommit} hands to whoever stores the tree. */
export interface PendingCommit {
  readonly hash: Hash
  readonly writeLog: WriteLog
  /** Every node that is not stored yet with its hash, children before their parents. */
  readonly nodes: () => Iterable<readonly [hash: Hash, bytes: Uint8Array]>
  /** Ends the commit: the nodes are stored, or (`false`) they are not and the tree stays as is. */
  readonly end: (stored: boolean) => void
}

/** A value above this makes chunks that a restorer with default limits refuses. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024

/**
 * An ordered map from byte strings to byte strings with a root hash, in memory.
 *
 * Keys have 0 to 8191 bytes; an empty value is not an absent one. The root depends on the keys and
 * values alone, never on the order in which they came. Keys and values are copied in.
 *
 * @example
 * import { Tree } from '@tidemark/mkvs-chunks'
 *
 * const utf8 = new TextEncoder()
 * const tree = new Tree()
 * tree.insert(utf8.encode('foo'), utf8.encode('bar'))
 * tree.rootHash()[0] // => 0xdb
 */
export class Tree {
  readonly #tree: RootHolder & WriteLogBook = { root: undefined, touched: [] }
  readonly #maxValueBytes: number
  /** Where the nodes that are marked as stored are stored. */
  #storedIn: object | undefined
  #state: 'open' | 'committing' | 'closed' = 'open'

  constructor(options: TreeOptions = {}) {
    this.#maxValueBytes = options.maxValueBytes ?? MAX_VALUE_BYTES
  }

  /** Sets the value of a key. May answer `LIMIT_EXCEEDED`, `CLOSED`, `BUSY` during a commit. */
  insert(key: Uint8Array, value: Uint8Array): Result<void, TreeError> {
    if (this.#state !== 'open') return err(this.#refusal())
    if (key.length > MAX_KEY_BYTES) return err(tooLong('keyBytes', MAX_KEY_BYTES, key))
    if (value.length > this.#maxValueBytes) {
      return err(tooLong('valueBytes', this.#maxValueBytes, value))
    }
    noteTouched(this.#tree, insertLeaf(this.#tree, copyBytes(key), copyBytes(value)))
    return DONE
  }

  /** Removes a key. Gives its value, or `undefined` when it was not there and nothing changed. */
  remove(key: Uint8Array): Result<Uint8Array | undefined, TreeError> {
    if (this.#state !== 'open') return err(this.#refusal())
    const leaf = removeLeaf(this.#tree, key)
    if (leaf === undefined) return ok(undefined)
    leaf.removed = true
    noteTouched(this.#tree, leaf)
    return ok(leaf.value)
  }

  /** The value of a key, or `undefined`. Do not change its bytes. */
  get(key: Uint8Array): Result<Uint8Array | undefined, TreeError> {
    if (this.#state === 'closed') return err(this.#refusal())
    return ok(findLeaf(this.#tree.root, key)?.value)
  }

  /** The first entry whose key is not before this one. */
  seek(key: Uint8Array): Result<readonly [Uint8Array, Uint8Array] | undefined, TreeError> {
    if (this.#state === 'closed') return err(this.#refusal())
    const leaf = seekLeaf(this.#tree.root, key)
    return ok(leaf === undefined ? undefined : [leaf.key, leaf.value])
  }

  /**
   * The entries in order of their keys, from a key on. Edits while iterating are allowed: each step
   * looks for the next key as the tree is then. Ends when the tree is closed.
   */
  *entries(
    options: { readonly from?: Uint8Array } = {},
  ): IterableIterator<readonly [key: Uint8Array, value: Uint8Array]> {
    let leaf = seekLeaf(this.#tree.root, options.from ?? NO_KEY)
    while (leaf !== undefined) {
      yield [leaf.key, leaf.value]
      leaf = seekLeaf(this.#tree.root, concatBytes([leaf.key, SMALLEST_EXTENSION]))
    }
  }

  /** The hash of the whole tree as it is now. Costs the nodes that changed since the last call. */
  rootHash(): Hash {
    return hashTree(this.#tree.root)
  }

  /** What changed since the last commit. */
  writeLog(): WriteLog {
    return writeLogOf(this.#tree, (key) => findLeaf(this.#tree.root, key) !== undefined)
  }

  /**
   * Begins to store the tree in a place: edits answer `BUSY` until `end`. With `expected`, a tree of another
   * root is refused with `ROOT_MISMATCH`. Most callers want `commitTree`.
   */
  beginCommit(
    into: object,
    expected?: Hash,
  ): Result<PendingCommit, TreeError | MkvsError<'ROOT_MISMATCH'>> {
    if (this.#state !== 'open') return err(this.#refusal())
    const hash = this.rootHash()
    if (expected !== undefined && !equalBytes(expected, hash)) {
      return err(
        mkvsError('ROOT_MISMATCH', 'mkvs: known root mismatch', {
          expected: toHex(expected),
          actual: toHex(hash),
        }),
      )
    }
    this.#state = 'committing'
    const unstored = nodesToStore(this.#tree.root, into !== this.#storedIn)
    return ok({
      hash,
      writeLog: this.writeLog(),
      nodes: () => encoded(unstored),
      end: (stored) => {
        if (this.#state === 'committing') this.#state = 'open'
        if (!stored) return
        this.#storedIn = into
        for (const node of unstored) node.stored = true
        startNextLog(this.#tree)
      },
    })
  }

  /** Answers a query with a proof against the root hash of the tree as it is now. */
  prove(query: ProofQuery): Result<Proof, TreeError> {
    return this.walk(query)
  }

  /** Runs a walk over the tree as it is now. */
  walk<T>(make: (root: Pointer | undefined) => Walk<T>): Result<T, TreeError> {
    if (this.#state === 'closed') return err(this.#refusal())
    this.rootHash()
    return runWalk(make(pointerTo(this.#tree.root)), readResident)
  }

  /** Takes the tree as it is for one that is stored in a place, and gives its hash. */
  markCommitted(into: object): Hash {
    const hash = this.rootHash()
    for (const node of nodesToStore(this.#tree.root, true)) node.stored = true
    this.#storedIn = into
    startNextLog(this.#tree)
    return hash
  }

  /** Lets go of all nodes. Later calls fail with `CLOSED`. Safe to repeat. */
  close(): void {
    this.#state = 'closed'
    this.#tree.root = undefined
    this.#tree.touched.length = 0
  }

  #refusal(): TreeError {
    if (this.#state === 'closed') {
      return coreError('CLOSED', 'mkvs: tree is closed', { what: 'tree', reason: 'closed' })
    }
    return mkvsError('BUSY', 'a commit of this tree is being written', { what: 'tree' })
  }
}

const DONE = ok()
const NO_KEY = new Uint8Array(0)
/** A key and this is the very next key in order. */
const SMALLEST_EXTENSION = new Uint8Array(1)

function tooLong(limit: string, maximum: number, bytes: Uint8Array): CoreError<'LIMIT_EXCEEDED'> {
  const details = { limit, maximum, actual: bytes.length }
  return coreError('LIMIT_EXCEEDED', `at most ${maximum} ${limit}`, details)
}

function* encoded(nodes: readonly ResidentNode[]): Iterable<readonly [Hash, Uint8Array]> {
  for (const node of nodes) {
    const view = nodeView(node)
    yield [view.hash, encodeNode(view)]
  }
}

/** Pointers of a tree in memory hold their nodes. */
function readResident(pointer: Pointer): Result<TreeNode, never> {
  return ok(nodeView(residentOf(pointer)))
}

/** The way back from an opaque pointer to the node it was made of. */
function residentOf(pointer: Pointer): ResidentNode {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made by `pointerTo`, read here
  return pointer.resident as ResidentNode
}
