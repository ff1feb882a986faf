import { errorFactory, type ErrorFactory, type ErrorOf } from '@tidemark/core'

/**
 * The errors of `@tidemark/operation`. Codes that other packages use too are core's.
 *
 * `name`, `step` and `key` are names that the caller gave, never values.
 */
export interface OperationErrors {
  /**
   * No checkpoint has this id now. `compacted` and `cleared`: it had one. `completed`: the operation
   * is finished, its checkpoints were dropped. `unknown`: it never had one here.
   */
  CHECKPOINT_NOT_FOUND: {
    readonly identifier: string
    readonly reason: 'compacted' | 'cleared' | 'completed' | 'unknown'
  }
  /** The operation is finished; `status()` has its result. `clear` it to start over. */
  OPERATION_COMPLETED: { readonly name: string; readonly completedAtMs: number }
  /** The step failed for good; `cause` is what it threw last. Run the operation again to resume. */
  STEP_FAILED: { readonly step: string; readonly key?: string; readonly attempts: number }
  /** The step took longer than its `timeoutMs`, in its last attempt. Nothing was recorded. */
  STEP_TIMEOUT: { readonly step: string; readonly key?: string; readonly timeoutMs: number }
  /** The recorded result is of another version of the step. Choose with `onChange`. */
  STEP_CHANGED: {
    readonly step: string
    readonly key?: string
    readonly recorded: number
    readonly asked: number
  }
  /** The same step (name and key) was asked for twice in one run. Give each its own `key`. */
  DUPLICATE_STEP: { readonly step: string; readonly key?: string }
}

/** An error of this package, by code. */
export type OperationError<Code extends keyof OperationErrors = keyof OperationErrors> = ErrorOf<
  OperationErrors,
  Code
>

/** Makes the errors of this package. */
export const operationError: ErrorFactory<OperationErrors> = errorFactory<OperationErrors>({
  CHECKPOINT_NOT_FOUND: 'not-found',
  OPERATION_COMPLETED: 'closed',
  STEP_FAILED: 'unavailable',
  STEP_TIMEOUT: 'unavailable',
  STEP_CHANGED: 'invalid',
  DUPLICATE_STEP: 'invalid',
})
