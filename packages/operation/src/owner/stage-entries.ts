import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type PutError,
  type Result,
  type Seq,
} from '@tidemark/core'
import type { StagedBodies } from '../log/staged-bodies.ts'
import type { WriteError } from '../operation.ts'
import { isStaged, type Entry } from '../record/record.ts'

/** So many bodies are on their way to the medium at once. */
const AT_ONCE = 8

/** How the bodies of one record are staged. */
export interface StageParts {
  readonly bodies: StagedBodies
  /** The number of the record to come. */
  readonly record: Seq
  /** Larger bodies are staged. */
  readonly aboveBytes: number
}

/**
 * The entries as they go into the record: large bodies in blobs of their own, which are durable
 * before anything names them. After a failure nothing was recorded.
 */
export async function stageEntries(
  entries: readonly Entry[],
  parts: StageParts,
): AsyncResult<readonly Entry[], WriteError> {
  if (!entries.some((entry) => isLarge(entry, parts))) return ok(entries)
  const staged: Entry[] = []
  for (let i = 0; i < entries.length; i += AT_ONCE) {
    const some = await Promise.all(
      entries.slice(i, i + AT_ONCE).map((entry) => stageEntry(entry, parts)),
    )
    let failure: Result<never, WriteError> | undefined
    for (const one of some) {
      if (one.ok) staged.push(one.value)
      else failure ??= one
    }
    if (failure === undefined) continue
    await discardStaged(entries, staged, parts)
    return failure
  }
  return ok(staged)
}

/** Deletes what was staged for a record that was not written. Left behind, it is swept later. */
export async function discardStaged(
  before: readonly Entry[],
  after: readonly Entry[],
  { bodies }: StageParts,
): Promise<void> {
  const known = new Set(before)
  const own = after.filter((entry) => !known.has(entry))
  const names = own.flatMap((entry) => stagedNames(entry))
  if (names.length > 0) void (await bodies.delete(names))
}

/** The name of the blob that an entry names, if it does. */
export function stagedNames(entry: Entry): string[] {
  return entry.kind !== 'attempt' && isStaged(entry.body) ? [entry.body.at.blob] : []
}

async function stageEntry(entry: Entry, parts: StageParts): AsyncResult<Entry, WriteError> {
  if (!isLarge(entry, parts)) return ok(entry)
  const staged = await parts.bodies.stage(entry.body, parts.record)
  return staged.ok ? ok({ ...entry, body: staged.value }) : err(unstaged(staged.error))
}

type LargeEntry = Exclude<Entry, { readonly kind: 'attempt' | 'state' }> & {
  readonly body: Uint8Array
}

function isLarge(entry: Entry, { aboveBytes }: StageParts): entry is LargeEntry {
  if (entry.kind === 'attempt' || entry.kind === 'state') return false
  return !isStaged(entry.body) && entry.body.length > aboveBytes
}

/** Whether the blob is there is unknown at worst; that nothing was recorded is certain. */
function unstaged(error: PutError): WriteError {
  if (error.code !== 'OUTCOME_UNKNOWN') return error
  const message = `nothing was recorded, for a large value could not be stored: ${error.message}`
  return coreError('IO_FAILED', message, { operation: 'put' }, error)
}
