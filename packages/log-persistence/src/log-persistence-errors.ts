import { errorFactory, type ErrorFactory, type ErrorOf } from '@tidemark/core'

/** The errors of `@tidemark/log-persistence`; every other code it returns is one of core's. */
export interface LogPersistenceErrors {
  /**
   * The function given to `update` threw or rejected. Nothing was stored. What it threw is the
   * `cause`, unchanged.
   */
  CALLBACK_FAILED: { readonly logId: string; readonly attempts: number }
  /**
   * The store was busy with others for longer than `timeoutMs`. Nothing of yours was written.
   * Answer "try again later", or raise the limit.
   */
  BUSY: { readonly operation: string; readonly reason: string }
}

/** An error of this package, by code. */
export type LogPersistenceError<
  Code extends keyof LogPersistenceErrors = keyof LogPersistenceErrors,
> = ErrorOf<LogPersistenceErrors, Code>

/** Makes the errors of this package. */
export const logPersistenceError: ErrorFactory<LogPersistenceErrors> =
  errorFactory<LogPersistenceErrors>({
    CALLBACK_FAILED: 'aborted',
    BUSY: 'unavailable',
  })
