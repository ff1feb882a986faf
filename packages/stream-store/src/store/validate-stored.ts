import { err, ok, type AsyncResult } from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { ChecksumVerifier, needsState } from '../manifest/state-checksum.ts'
import {
  fatal,
  validateManifest,
  type Fault,
  type ValidationIssue,
} from '../manifest/validate-manifest.ts'
import type {
  CheckpointStore,
  SkippedCheckpoint,
  ValidateOptions,
  ValidationResult,
} from './checkpoint-store.ts'
import { isTransient } from './patience.ts'
import { streamError, type ReadStoreError, type RecoverError } from './store-errors.ts'

/** Looks at one checkpoint by reading it as any caller would. */
export async function validateStored(
  store: Pick<CheckpointStore, 'loadById' | 'loadStateData' | 'vnodeCount'>,
  checkpointId: bigint,
  options?: ValidateOptions,
): AsyncResult<ValidationResult, RecoverError> {
  const loaded = await store.loadById(checkpointId, options)
  if (!loaded.ok) return settle(checkpointId, loaded.error)
  const manifest = loaded.value
  if (manifest === undefined) return ok(invalid(checkpointId, 'manifest not found', 'missing'))
  const state = await store.loadStateData(checkpointId, options)
  if (!state.ok) {
    // More state than fits memory is no damage: this way of looking cannot tell.
    return state.error.code === 'LIMIT_EXCEEDED' ? state : settle(checkpointId, state.error)
  }
  const verifier = new ChecksumVerifier(manifest)
  if (state.value !== undefined) verifier.update(state.value)
  const stateBytes = state.value === undefined ? undefined : BigInt(state.value.length)
  return ok(judge(checkpointId, manifest, stateBytes, store.vnodeCount(), verifier))
}

/** The result for a manifest whose state has been fed to the verifier. */
export function judge(
  checkpointId: bigint,
  manifest: CheckpointManifest,
  stateBytes: bigint | undefined,
  vnodeCount: number,
  verifier: ChecksumVerifier | undefined,
): ValidationResult {
  const issues: ValidationIssue[] = validateManifest(manifest, { vnodeCount, stateBytes })
  if (manifest.checkpointId !== checkpointId) {
    issues.push(fatal(`this is the manifest of checkpoint ${manifest.checkpointId}`, 'corrupt'))
  }
  if (manifest.stateChecksum === undefined) return result(checkpointId, issues)
  if (needsState(manifest) && stateBytes === undefined) {
    issues.push(fatal('state.bin referenced by checksum but not found', 'missing'))
    return result(checkpointId, issues)
  }
  if (verifier === undefined) return result(checkpointId, issues)
  const finished = verifier.finish(stateBytes !== undefined)
  if ('rule' in finished) return { ...result(checkpointId, issues), checksumRule: finished.rule }
  const { found } = finished
  const expected = manifest.stateChecksum.slice(0, 64)
  issues.push(fatal(`checksum mismatch: expected ${expected}, found ${found}`, 'corrupt'))
  return result(checkpointId, issues)
}

/** A result with one fatal issue. */
export function invalid(checkpointId: bigint, message: string, fault: Fault): ValidationResult {
  return result(checkpointId, [fatal(message, fault)])
}

/**
 * What cannot be read because it is damaged or beyond a bound is an answer; what the medium would
 * not give is none: nothing may be concluded from it.
 */
export function settle(
  checkpointId: bigint,
  error: ReadStoreError,
): Awaited<AsyncResult<ValidationResult, RecoverError>> {
  if (isDamage(error)) return ok(invalid(checkpointId, error.message, faultOf(error)))
  return isTransient(error) ? err(blocked(error, checkpointId)) : err(error)
}

/** Whether an error says that stored bytes are wrong, rather than that they could not be read. */
export function isDamage(error: ReadStoreError): boolean {
  return (
    error.code === 'CORRUPTED' ||
    error.code === 'UNSUPPORTED_VERSION' ||
    error.code === 'LIMIT_EXCEEDED'
  )
}

/** The word by which the log, too, tells a record that is not there from one that is damaged. */
export const MISSING = 'it is missing'

/** What kind of wrong the damage is that an error tells of. */
export function faultOf(error: ReadStoreError): Fault {
  if (error.code === 'UNSUPPORTED_VERSION') return 'unsupported'
  return error.code === 'CORRUPTED' && error.details.reason === MISSING ? 'missing' : 'corrupt'
}

/** A checkpoint that recovery passes over, and all that was found. */
export function asSkip({ checkpointId, issues }: ValidationResult): SkippedCheckpoint {
  const faults = issues.flatMap(({ fault }) => fault ?? [])
  return {
    checkpointId,
    fault: faults.find((fault) => fault !== 'invalid') ?? 'invalid',
    reason: issues.map(({ message }) => message).join('; '),
  }
}

/** The error for a medium that did not answer while recovery looked. */
export function blocked(cause: ReadStoreError, checkpointId?: bigint): RecoverError {
  const what = checkpointId === undefined ? 'the newest checkpoint' : `checkpoint ${checkpointId}`
  const message = `${what} could not be read (${cause.code}); recovery waits, it does not skip it`
  const details = checkpointId === undefined ? {} : { checkpointId: String(checkpointId) }
  return streamError('RECOVERY_BLOCKED', message, details, cause)
}

function result(checkpointId: bigint, issues: readonly ValidationIssue[]): ValidationResult {
  return { checkpointId, valid: issues.every(({ severity }) => severity !== 'fatal'), issues }
}
