import { errorFactory, type CoreError, type ErrorFactory, type ErrorOf } from '@tidemark/core'

/** The errors of `@tidemark/stream-store` beside core's. */
export interface StreamStoreErrors {
  /**
   * Checkpoints exist and none can be used. Look at `skipped`, restore what is missing; pass
   * `allowFreshStart` only when starting from nothing is what you want.
   */
  NO_USABLE_CHECKPOINT: { readonly skipped: readonly SkippedDetail[] }
  /**
   * A checkpoint could not be looked at because the medium failed. Nothing was skipped for it:
   * repeat when the medium answers again.
   */
  RECOVERY_BLOCKED: { readonly checkpointId?: string; readonly seq?: number }
  /** The store holds records but its history is gone or damaged. Restore it from a copy. */
  HEAD_LOST: { readonly reason: 'missing' | 'damaged'; readonly seq?: number }
}

/** A checkpoint that was passed over, in the details of an error. */
export interface SkippedDetail {
  readonly checkpointId?: string
  readonly seq?: number
  readonly reason: string
}

/** The errors of this package, by code. */
export type StreamStoreError<Code extends keyof StreamStoreErrors = keyof StreamStoreErrors> =
  ErrorOf<StreamStoreErrors, Code>

/** Why a checkpoint store cannot be read. */
export type ReadStoreError =
  | CoreError<
      | 'CORRUPTED'
      | 'UNSUPPORTED_VERSION'
      | 'IO_FAILED'
      | 'NO_SPACE'
      | 'CONFLICT'
      | 'ABORTED'
      | 'CLOSED'
      | 'INVALID_ARGUMENT'
      | 'LIMIT_EXCEEDED'
    >
  | StreamStoreError<'HEAD_LOST'>

/** Why `loadLatest` gives no checkpoint although there are some. */
export type LoadLatestError =
  | ReadStoreError
  | StreamStoreError<'NO_USABLE_CHECKPOINT' | 'RECOVERY_BLOCKED'>

/** Why a checkpoint store was not changed, or may not have been. */
export type WriteStoreError =
  | ReadStoreError
  | CoreError<
      'FENCED' | 'OUTCOME_UNKNOWN' | 'UNSUPPORTED' | 'ENCODE_FAILED' | 'CHECKPOINT_NOT_FOUND'
    >

/** Why recovery gives no report. */
export type RecoverError = ReadStoreError | StreamStoreError<'RECOVERY_BLOCKED'>

/** Makes this package's own errors; core's come from `coreError`. */
export const streamError: ErrorFactory<StreamStoreErrors> = errorFactory<StreamStoreErrors>({
  NO_USABLE_CHECKPOINT: 'corrupt',
  RECOVERY_BLOCKED: 'unavailable',
  HEAD_LOST: 'corrupt',
})
