import {
  attempt,
  coreError,
  err,
  isCheckpointDamage,
  thrownError,
  type AsyncResult,
  type CallOptions,
  type CheckpointStorage,
  type CoreError,
  type GetError,
  type LoadError,
} from '@tidemark/core'
import { decodeListing, INDEX_IDENTIFIER, INDEX_KEY, type Listing } from './listing.ts'

/** What is not as the sealed index says. */
export interface IndexProblem {
  readonly identifier: string
  /**
   * `missing`: listed, and not there. `unlisted`: there, and not listed: put back after its removal,
   * or a crash came between its first commit and the list. `older`, `other`: not the listed commit.
   * `damaged`: it cannot be used, see `error`.
   */
  readonly problem: 'missing' | 'unlisted' | 'older' | 'other' | 'damaged'
  readonly error?: LoadError
}

/** What {@link verifyStorage} found. */
export interface IndexReport {
  /** The generation of the list itself: remember it, and demand it the next time. */
  readonly indexGeneration: number
  readonly identifiers: number
  readonly problems: readonly IndexProblem[]
}

/** Options of {@link verifyStorage}. */
export interface VerifyStorageOptions extends CallOptions {
  /** Refuse an older list with `ROLLBACK_DETECTED`: list and checkpoints were put back together. */
  readonly minIndexGeneration?: number
}

/**
 * Compares the checkpoints that are there with the sealed index that `hmac(ring, { index: true })`
 * keeps: sees what was deleted or put back as a whole, which no seal of its own can tell. A newer
 * commit than the listed one is no problem: its seal shows that it is genuine.
 *
 * `CHECKPOINT_NOT_FOUND` when there is no index: none was kept, or it was deleted.
 */
export async function verifyStorage(
  storage: CheckpointStorage,
  options: VerifyStorageOptions = {},
): AsyncResult<IndexReport, LoadError | GetError> {
  const { minIndexGeneration: minGeneration, ...call } = options
  const demanded = minGeneration === undefined ? call : { ...call, minGeneration }
  const loaded = await storage.loadCheckpoint(INDEX_IDENTIFIER, demanded)
  if (!loaded.ok) return loaded
  const value = await loaded.value.get(INDEX_KEY)
  await loaded.value.close()
  if (!value.ok) return value
  const listing = decodeListing(value.value)
  if (listing === undefined) return err(senseless())
  return attempt(
    () => compare(storage, listing, loaded.value.generation, call),
    thrownError<LoadError>,
  )
}

async function compare(
  storage: CheckpointStorage,
  listing: Listing,
  indexGeneration: number,
  options: CallOptions,
): Promise<IndexReport> {
  const problems: IndexProblem[] = []
  const seen = new Set<string>()
  for await (const identifier of storage.checkpointIdentifiers(options)) {
    seen.add(identifier)
    const problem = await problemOf(storage, listing, identifier, options)
    if (problem !== undefined) problems.push(problem)
  }
  for (const identifier of listing.keys()) {
    if (!seen.has(identifier)) problems.push({ identifier, problem: 'missing' })
  }
  return { indexGeneration, identifiers: seen.size, problems }
}

async function problemOf(
  storage: CheckpointStorage,
  listing: Listing,
  identifier: string,
  options: CallOptions,
): Promise<IndexProblem | undefined> {
  const loaded = await storage.loadCheckpoint(identifier, options)
  if (!loaded.ok) {
    const { error } = loaded
    if (isCheckpointDamage(error)) return { identifier, problem: 'damaged', error }
    if (error.code === 'CHECKPOINT_NOT_FOUND') return { identifier, problem: 'missing' }
    throw error
  }
  const { generation, digest } = loaded.value
  await loaded.value.close()
  const listed = listing.get(identifier)
  if (listed === undefined) return { identifier, problem: 'unlisted' }
  if (generation < listed.generation) return { identifier, problem: 'older' }
  const isOther = generation === listed.generation && digest !== listed.digest
  return isOther ? { identifier, problem: 'other' } : undefined
}

function senseless(): CoreError<'CORRUPTED'> {
  const details = { what: 'sealed index', reason: 'its fields make no sense' }
  return coreError('CORRUPTED', 'the sealed index makes no sense', details)
}
