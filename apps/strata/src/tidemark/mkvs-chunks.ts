import {
  attempt,
  coreError,
  ok,
  prefixed,
  thrownError,
  unwrap,
  type AsyncResult,
  type BlobStore,
  type CoreError,
  type Result,
} from '@tidemark/core'
import {
  commitTree,
  decodeMetadata,
  encodedHash,
  encodeMetadata,
  getChunkMetadata,
  loadTree,
  MAX_KEY_BYTES,
  MemoryNodeStore,
  newCreator,
  newRestorer,
  openNodeDb,
  restoreCheckpoint,
  toHex,
  Tree,
  type ChunkProvider,
  type CommitError,
  type Creator,
  type CreatorError,
  type Metadata,
  type MkvsError,
  type Namespace,
  type NodeDb,
  type RestoreError,
} from '@tidemark/mkvs-chunks'
import {
  decodeFileMetrics,
  decodeHistoryMetrics,
  encodeFileMetrics,
  encodeHistoryMetrics,
  historyMetricsOf,
  metricsOf,
  type DecodeMetricsError,
  type HistoryMetrics,
} from '../layers/metrics.ts'
import type { State } from '../layers/state.ts'

/** Why a result is not sealed, or not verified. */
export type SealError =
  | CommitError
  | CreatorError
  | RestoreError
  | DecodeMetricsError
  | MkvsError<'CHECKPOINT_NOT_FOUND' | 'CHUNK_NOT_FOUND'>

/** A result that is sealed: whoever knows the root can check every byte of it. */
export interface Sealed {
  /** 64 lower-case hex digits; equal for equal commits, on every machine. */
  readonly root: string
  readonly chunks: number
  /** The hash of the list of chunks; equal too. */
  readonly checkpoint: string
}

/** A sealed result that was restored from nothing but its chunks. */
export interface Verified extends Sealed, HistoryMetrics {}

/** The part of the store that has sealed results. */
const SEALED = 'sealed/'

/** No flags, and a name of 24 bytes. */
const NAMESPACE: Namespace = namespace('tidemark strata')

/** The one version of the format of checkpoints, and a request for all of them. */
const FORMAT = 1
const ALL = { version: FORMAT, namespace: NAMESPACE }

/** A small history has several chunks, and a large one not too many: some 200 files in each. */
const CHUNK_BYTES = 16 * 1024

/**
 * Paths may begin alike for as long as they like, one deeper than the other: no tree of keys that
 * fit is deeper than this, and who restores it here allows as much.
 */
const MAX_DEPTH = 8 * MAX_KEY_BYTES

/** No path is empty: what is said of the whole history has this key. */
const WHOLE = new Uint8Array()

/**
 * Seals what a history comes to: a Merkle tree from each path to its metrics, and its chunks in the
 * store. One that is there already is made anew, so that what was damaged is whole again.
 *
 * `LIMIT_EXCEEDED` for a path of more than 8191 bytes.
 */
export async function seal(store: BlobStore, state: State): AsyncResult<Sealed, SealError> {
  const work = async (): Promise<Sealed> => {
    const db = await emptyDb()
    const tree = treeOf(state)
    const { root } = unwrap(await commitTree(tree, db, { version: BigInt(state.position) }))
    tree.close()
    const creator = creatorOn(store, db)
    const removed = await creator.deleteCheckpoint(FORMAT, root)
    if (!removed.ok && removed.error.code !== 'CHECKPOINT_NOT_FOUND') throw removed.error
    return describe(unwrap(await creator.createCheckpoint(root, CHUNK_BYTES)))
  }
  return attempt(work, thrownError<SealError>)
}

/**
 * Restores a sealed result into an empty database, and gives what it says. After `ok` every byte of
 * it belongs to the root, and nothing is missing.
 *
 * `CHECKPOINT_NOT_FOUND`: the store has no such root. `CHUNK_NOT_FOUND`, `CHUNK_CORRUPTED`: a chunk
 * is lost, or is not what was sealed; `details.index` says which. `CHUNK_PROOF_VERIFICATION_FAILED`:
 * its list of chunks is a lie.
 */
export async function verifySealed(
  store: BlobStore,
  root: string,
): AsyncResult<Verified, SealError> {
  const work = async (): Promise<Verified> => {
    const db = await emptyDb()
    const provider = creatorOn(store, db)
    const metadata = await metadataOf(provider, root)
    unwrap(await restoreCheckpoint(metadata, { db, provider, maxDepth: MAX_DEPTH }))
    const tree = unwrap(await loadTree(db, metadata.root))
    const whole = unwrap(decodeHistoryMetrics(unwrap(tree.get(WHOLE)) ?? WHOLE))
    const counted = countIn(tree)
    if (counted.files !== whole.files || counted.lines !== whole.lines) throw contradiction()
    return { ...describe(metadata), ...whole }
  }
  return attempt(work, thrownError<SealError>)
}

/** Hears what becomes of each chunk of a sealed result. */
export interface ChunkListener {
  /** The digest that the list of chunks has for each, 64 hex digits; nothing is proven yet. */
  readonly onList: (digests: readonly string[]) => void
  /** `undefined`: the chunk is proven to belong to the root. */
  readonly onChunk: (index: number, refused: SealError | undefined) => void
}

/**
 * Restores a sealed result into an empty database as {@link verifySealed} does, and goes on past a
 * chunk that is lost or damaged, so that each one is looked at. A list of chunks that lies ends it:
 * what comes after is neither proven nor refused. Gives whether all are proven.
 */
export async function checkChunks(
  store: BlobStore,
  root: string,
  { onList, onChunk }: ChunkListener,
): AsyncResult<{ readonly proven: boolean }, SealError> {
  const work = async (): Promise<{ proven: boolean }> => {
    const db = await emptyDb()
    const provider = creatorOn(store, db)
    const metadata = await metadataOf(provider, root)
    onList(metadata.chunks.map(toHex))
    unwrap(await db.startMultipartInsert(metadata.root.version))
    const restorer = newRestorer({ db, maxDepth: MAX_DEPTH })
    let isWhole = false
    for (const index of unwrap(await restorer.startRestore(metadata)).pending) {
      const body = await provider.getCheckpointChunk(unwrap(getChunkMetadata(metadata, index)))
      const restored = body.ok ? await restorer.restoreChunk(index, body.value.stream()) : body
      onChunk(index, restored.ok ? undefined : restored.error)
      if (restored.ok) isWhole = restored.value
      else if (restored.error.code === 'CHUNK_PROOF_VERIFICATION_FAILED') break
      else if (!isRefusal(restored.error)) throw restored.error
    }
    return { proven: isWhole }
  }
  return attempt(work, thrownError<SealError>)
}

/** Whether it says something of the chunk; a medium that does not answer says nothing. */
function isRefusal({ code }: SealError): boolean {
  return code === 'CHUNK_NOT_FOUND' || code === 'CHUNK_CORRUPTED'
}

/**
 * The list of chunks of one sealed result, with those of another in the place of its own: a lie that
 * only the root can refute, because each chunk is what the list says.
 */
export function listWithChunksOf(
  list: Uint8Array,
  other: Uint8Array,
): Result<Uint8Array, MkvsError<'MALFORMED'>> {
  const [metadata, lies] = [decodeMetadata(list), decodeMetadata(other)]
  if (!metadata.ok) return metadata
  if (!lies.ok) return lies
  return ok(encodeMetadata({ ...metadata.value, chunks: lies.value.chunks }))
}

/** Gives up the sealed results but for those of these roots. */
export async function keepSealed(
  store: BlobStore,
  roots: ReadonlySet<string>,
): AsyncResult<void, SealError> {
  const work = async (): Promise<void> => {
    const creator = creatorOn(store, await emptyDb())
    for (const { root } of unwrap(await creator.getCheckpoints(ALL)).checkpoints) {
      if (!roots.has(toHex(root.hash))) unwrap(await creator.deleteCheckpoint(FORMAT, root))
    }
  }
  return attempt(work, thrownError<SealError>)
}

function treeOf(state: State): Tree {
  const tree = new Tree()
  unwrap(tree.insert(WHOLE, encodeHistoryMetrics(historyMetricsOf(state))))
  for (const [path, file] of state.files) {
    if (path.length > MAX_KEY_BYTES) throw tooLong(path.length)
    const key = Uint8Array.from(path, (character) => character.charCodeAt(0))
    unwrap(tree.insert(key, encodeFileMetrics(metricsOf(file))))
  }
  return tree
}

function countIn(tree: Tree): { readonly files: number; readonly lines: number } {
  let [files, lines] = [0, 0]
  for (const [key, value] of tree.entries()) {
    if (key.length === 0) continue
    files += 1
    lines += unwrap(decodeFileMetrics(value)).lines
  }
  return { files, lines }
}

/** The list of chunks that a store has for a root. It proves nothing yet. */
async function metadataOf(provider: ChunkProvider, root: string): Promise<Metadata> {
  const { checkpoints, damaged } = unwrap(await provider.getCheckpoints(ALL))
  const found = checkpoints.find(({ root: { hash } }) => toHex(hash) === root)
  if (found !== undefined) return found
  const broken = damaged.find(({ key }) => key.includes(root))
  if (broken !== undefined) throw unreadable(broken.key, broken.reason)
  const message = `nothing with the root ${root} is sealed in this store; \`strata run\` prints the root`
  throw coreError('CHECKPOINT_NOT_FOUND', message, { identifier: root })
}

function creatorOn(store: BlobStore, db: NodeDb): Creator {
  return newCreator({ store: prefixed(store, SEALED), db, maxDepth: MAX_DEPTH })
}

async function emptyDb(): Promise<NodeDb> {
  return unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace: NAMESPACE }))
}

function describe(metadata: Metadata): Sealed {
  const { root, chunks } = metadata
  return { root: toHex(root.hash), chunks: chunks.length, checkpoint: toHex(encodedHash(metadata)) }
}

function namespace(name: string): Namespace {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(name), 8)
  return bytes
}

function tooLong(actual: number): CoreError<'LIMIT_EXCEEDED'> {
  const message = `a path of ${actual} bytes cannot be sealed; the longest key has ${MAX_KEY_BYTES}`
  return coreError('LIMIT_EXCEEDED', message, { limit: 'keyBytes', maximum: MAX_KEY_BYTES, actual })
}

function unreadable(identifier: string, reason: string): CoreError<'CORRUPTED'> {
  const message = `the list of chunks ${identifier} cannot be read: ${reason}; run with --fresh`
  return coreError('CORRUPTED', message, { what: 'metadata', identifier, reason })
}

function contradiction(): CoreError<'CORRUPTED'> {
  const reason = 'its sums are not those of its files'
  return coreError('CORRUPTED', `the sealed result is not one: ${reason}`, { what: 'sums', reason })
}
