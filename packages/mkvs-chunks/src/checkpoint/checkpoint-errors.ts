import { coreError, type CoreError } from '@tidemark/core'
import { toHex } from '../bytes/bytes.ts'
import { mkvsError, UPSTREAM, type MediumError, type MkvsError } from '../errors/mkvs-errors.ts'
import type { Metadata } from '../record/metadata.ts'
import { rootName, type Root } from '../record/root.ts'

/** The original keeps the number of threads in 16 bits. */
const MAX_THREADS = 0xffff

/** There is no checkpoint of a root. */
export function checkpointNotFound(root: Root): MkvsError<'CHECKPOINT_NOT_FOUND'> {
  const upstream = UPSTREAM.CHECKPOINT_NOT_FOUND
  return mkvsError('CHECKPOINT_NOT_FOUND', upstream.text, { identifier: rootName(root), upstream })
}

/** What is wrong with creation parameters. */
export function paramsProblem(
  chunkSize: number,
  chunkerThreads: number,
): CoreError<'INVALID_ARGUMENT'> | undefined {
  const isSize = Number.isSafeInteger(chunkSize) && chunkSize >= 0
  const isThreads = Number.isSafeInteger(chunkerThreads) && chunkerThreads >= 0
  if (isSize && isThreads && chunkerThreads <= MAX_THREADS) return undefined
  const argument = isSize ? 'chunkerThreads' : 'chunkSize'
  const reason = isSize ? `an integer from 0 to ${MAX_THREADS}` : 'an integer, not negative'
  return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
}

/** A tree is deeper than verifiers accept. */
export function tooDeep(maximum: number): CoreError<'LIMIT_EXCEEDED'> {
  const message = 'the tree is too deep: no verifier would take its proofs'
  return coreError('LIMIT_EXCEEDED', message, { limit: 'maxDepth', maximum })
}

/** A record of a checkpoint cannot be read. */
export function corrupted(key: string, reason: string): CoreError<'CORRUPTED'> {
  const message = `checkpoint: corrupted metadata: ${reason}`
  return coreError('CORRUPTED', message, { what: 'checkpoint', reason, key })
}

/** A restore is open. */
export function alreadyInProgress({ root }: Metadata): MkvsError<'RESTORE_ALREADY_IN_PROGRESS'> {
  const upstream = UPSTREAM.RESTORE_ALREADY_IN_PROGRESS
  return mkvsError('RESTORE_ALREADY_IN_PROGRESS', upstream.text, {
    root: toHex(root.hash),
    upstream,
  })
}

/** No restore is open, or it has ended. */
export function noRestore(): MkvsError<'NO_RESTORE_IN_PROGRESS'> {
  const upstream = UPSTREAM.NO_RESTORE_IN_PROGRESS
  return mkvsError('NO_RESTORE_IN_PROGRESS', upstream.text, { upstream })
}

/** A chunk is not pending. */
export function alreadyRestored(
  index: number,
  reason: 'done' | 'in-flight' | 'out-of-range',
): MkvsError<'CHUNK_ALREADY_RESTORED'> {
  const upstream = UPSTREAM.CHUNK_ALREADY_RESTORED
  return mkvsError('CHUNK_ALREADY_RESTORED', upstream.text, { index, reason, upstream })
}

/** Bytes are not the chunk's. */
export function chunkCorrupted(index: number): MkvsError<'CHUNK_CORRUPTED'> {
  const upstream = UPSTREAM.CHUNK_CORRUPTED
  return mkvsError('CHUNK_CORRUPTED', upstream.text, { index, upstream })
}

/** A checkpoint proves something else than it says. */
export function proofFailed(
  reason: string,
  index?: number,
  cause?: unknown,
): MkvsError<'CHUNK_PROOF_VERIFICATION_FAILED'> {
  const upstream = UPSTREAM.CHUNK_PROOF_VERIFICATION_FAILED
  const details = { reason, upstream, ...(index === undefined ? {} : { index }) }
  return mkvsError('CHUNK_PROOF_VERIFICATION_FAILED', `${upstream.text}: ${reason}`, details, cause)
}

/** A chunk is longer than allowed when decompressed. */
export function tooLong(maximum: number): MediumError {
  const details = { limit: 'maxRawChunkBytes', maximum }
  return coreError('LIMIT_EXCEEDED', 'the chunk is too long when decompressed', details)
}
