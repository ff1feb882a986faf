import type { Damage, Predecessor, Seq } from '@tidemark/core'
import type { CheckpointRef } from '../operation.ts'

/** Which step an event is about. */
export interface StepName {
  readonly step: string
  readonly key?: string
}

/** What happens in an operation. */
export type OperationEvent =
  | { readonly type: 'opened'; readonly name: string; readonly state: string }
  | {
      readonly type: 'leaseTaken'
      readonly epoch: Seq
      /** The owner before, if it ended or fell silent without letting go. */
      readonly takenOverFrom: Predecessor | undefined
    }
  | { readonly type: 'leaseLost'; readonly error: unknown }
  | { readonly type: 'recovered'; readonly skipped: readonly Damage[] }
  | { readonly type: 'checkpoint'; readonly checkpoint: CheckpointRef }
  | { readonly type: 'compacted'; readonly kept: number; readonly removed: number }
  | { readonly type: 'cleared' }
  | ({ readonly type: 'stepSkipped' } & StepName)
  | ({ readonly type: 'stepStarted'; readonly attempt: number } & StepName)
  | ({ readonly type: 'stepProgress' } & StepName & StepProgress)
  | ({
      readonly type: 'stepRetry'
      readonly attempt: number
      readonly delayMs: number
      readonly error: unknown
    } & StepName)
  | ({ readonly type: 'stepDone'; readonly attempt: number } & StepName)
  | ({ readonly type: 'stepFailed'; readonly error: unknown } & StepName)
  | ({ readonly type: 'mapStarted'; readonly total: number | undefined } & StepName)
  | ({ readonly type: 'mapDone' } & StepName)
  | {
      readonly type: 'completed'
      /** Steps with a recorded result that this run never asked for. */
      readonly orphans: readonly string[]
    }
  | { readonly type: 'closed' }

/** How far a step is. */
export interface StepProgress {
  readonly done: number
  readonly total?: number
  readonly unit?: string
}
