import type { AsyncResult, CallOptions, Clock, CommitLog, Lease } from '@tidemark/core'
import type { StoreEvent } from '../native/options.ts'
import type { CheckpointStore } from '../store/checkpoint-store.ts'
import { checkpointStore } from '../store/complete-store.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import type { LaminarPlace } from './laminar-files.ts'
import { LaminarFiles } from './laminar-writer.ts'

/** What a store of the original's layout is made of. */
export interface LaminarParts {
  readonly place: LaminarPlace
  readonly log: CommitLog
  readonly lease: Lease
  readonly vnodeCount: number
  /** 0: never prune by itself, as in the original. */
  readonly maxRetained: number
  readonly orphanMinAgeMs: number
  readonly nowMs: () => number
  readonly clock: Clock
  readonly onEvent: (event: StoreEvent) => void
}

/** A directory as it is. */
export interface LaminarInspection {
  readonly ids: readonly bigint[]
  /** Directories without a manifest. */
  readonly orphans: readonly bigint[]
  /** Names that are none of ours; they are left alone. */
  readonly foreign: readonly string[]
  readonly pointer: bigint | undefined
}

/** A LaminarDB checkpoint directory, read and written so that LaminarDB reads it. */
export interface LaminarStore extends CheckpointStore, AsyncDisposable {
  /** The directory as it is. Changes nothing. */
  inspect(options?: CallOptions): AsyncResult<LaminarInspection, ReadStoreError>
  /** Lets go of the directory. Safe to repeat. */
  close(): Promise<void>
}

/** Makes a store of its parts. */
export function laminarStore(parts: LaminarParts, ids: readonly bigint[]): LaminarStore {
  const files = new LaminarFiles(parts, ids.at(-1))
  const completed = checkpointStore(files)
  const close = (): Promise<void> => files.close()
  return {
    ...completed,
    inspect: () => files.inspect(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
