import type {
  AcquireError,
  AsyncResult,
  CallOptions,
  Codec,
  CoreError,
  Damage,
  LogReadError,
  OwnerAppendError,
  Predecessor,
  Seq,
  StandardSchema,
} from '@tidemark/core'
import type { OperationEvent } from './events/operation-event.ts'
import type { OperationError } from './operation-errors.ts'
import type { EncodeError, PlainValue } from './value/encode-value.ts'

/** Facts about one checkpoint, without its payload. */
export interface CheckpointRef {
  /** Loads it, as long as it is kept. Never stands for another checkpoint. Opaque. */
  readonly id: string
  /** 0, 1, 2 … in the order in which the checkpoints were made. `clear` starts again at 0. */
  readonly seq: number
  /** Its place among the checkpoints that there are, from 0. `compact` moves it. */
  readonly position: number
  readonly label: string
  readonly at: Date
  /** The size of the stored payload. */
  readonly sizeBytes: number
}

/** A checkpoint with its payload. */
export interface Checkpoint<T> extends CheckpointRef {
  readonly payload: T
}

/** What an operation is doing. */
export type OperationState = 'fresh' | 'active' | 'completed'

/** Where an operation stands. */
export interface OperationStatus {
  readonly name: string
  /** `fresh`: nothing recorded. `active`: to be resumed. `completed`: nothing left to do. */
  readonly state: OperationState
  /** Differs after every `clear`; `undefined` before the operation was first opened for writing. */
  readonly incarnation: string | undefined
  readonly checkpoints: number
  /** How many results of named steps are recorded. */
  readonly steps: number
  readonly completedAt: Date | undefined
  /** What `complete` was given. */
  readonly result: PlainValue
  /** Who opened it for writing last, whether or not it still is. */
  readonly owner: { readonly label: string; readonly epoch: Seq } | undefined
  /** The owner before that one, if it ended or fell silent without letting go: it crashed. */
  readonly takenOverFrom: Predecessor | undefined
  /** Damaged newest records that were stepped over: what they held is lost. */
  readonly recovered: readonly Damage[]
}

/** Which checkpoints `history` gives. */
export interface HistoryOptions extends CallOptions {
  /** Newest first. */
  readonly reverse?: boolean
  /** Only those after this sequence number (before it, with `reverse`). */
  readonly after?: number
  readonly limit?: number
  /** Only those with this label. */
  readonly label?: string
  /** Called for each damaged record, which is then stepped over. Default: throw its error. */
  readonly onDamage?: (damage: Damage) => void
}

/** What `compact` keeps; the latest checkpoint is always kept. */
export interface CompactOptions extends CallOptions {
  /** The newest so many. Default 1. */
  readonly keepLast?: number
  /** All with one of these labels. */
  readonly keepLabels?: readonly string[]
  /** Only those that are younger, in ms; the latest is kept at any age. */
  readonly maxAgeMs?: number
  /** A new label for the latest. */
  readonly label?: string
  /** Also forget the results of named steps, so that they run again. Default `false`. */
  readonly dropSteps?: boolean
}

/** What `compact` did. */
export interface CompactReport {
  readonly kept: number
  readonly removed: number
  /** `false`: what was removed is void, but could not be deleted yet; the next open tries again. */
  readonly isSwept: boolean
}

/** Why an operation cannot be read. */
export type ReadFailure = LogReadError

/** Why a payload cannot be read. */
export type LatestError = ReadFailure | CoreError<'DECODE_FAILED' | 'SCHEMA_MISMATCH'>

/** Why an operation cannot be described. */
export type StatusError = ReadFailure | CoreError<'DECODE_FAILED'>

/** Why an id gives no checkpoint. */
export type LoadError =
  | LatestError
  | CoreError<'INVALID_IDENTIFIER'>
  | OperationError<'CHECKPOINT_NOT_FOUND'>

/** Why something was not recorded, or may not have been. */
export type WriteError = OwnerAppendError | OperationError<'OPERATION_COMPLETED'>

/** Why a checkpoint was not made, or may not have been. */
export type CheckpointFailure = WriteError | EncodeError | CoreError<'SCHEMA_MISMATCH'>

/** Why an operation cannot be opened for writing. */
export type OpenError = AcquireError | WriteError | CoreError<'INVALID_IDENTIFIER'>

/** An operation, read only: takes no lease, needs no right to write, creates nothing. */
export interface OperationReader<T> extends AsyncDisposable {
  readonly name: string

  /** The newest checkpoint; `undefined` when there is none, or the operation is completed. */
  latest(options?: CallOptions): AsyncResult<Checkpoint<T> | undefined, LatestError>

  /**
   * The checkpoint of an id. `INVALID_IDENTIFIER`, before any I/O, when it is not an id;
   * `CHECKPOINT_NOT_FOUND` when nothing has it any more; `CORRUPTED` when it is damaged.
   */
  load(id: string, options?: CallOptions): AsyncResult<Checkpoint<T>, LoadError>

  /** The stored bytes of a checkpoint, whatever they encode. */
  loadBytes(id: string, options?: CallOptions): AsyncResult<Checkpoint<Uint8Array>, LoadError>

  /** The checkpoints there are, oldest first. Throws a {@link ReadFailure}. */
  history(options?: HistoryOptions): AsyncIterable<CheckpointRef>

  /** Where the operation stands. */
  status(options?: CallOptions): AsyncResult<OperationStatus, StatusError>

  /** Lets go. Later calls fail with `CLOSED`. Safe to repeat. */
  close(): Promise<void>
}

/**
 * An operation, open for writing by this owner alone.
 *
 * After `ok` what was recorded survives what the medium promises. Of several owners one publishes:
 * a displaced one gets `FENCED` for every later call.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openOperation } from '@tidemark/operation'
 *
 * const op = unwrap(await openOperation({ store: new MemoryBlobStore(), name: 'import' }))
 * const { id } = unwrap(await op.checkpoint('page 1', { offset: 4096 }))
 * unwrap(await op.latest())?.payload // => { offset: 4096 }
 * unwrap(await op.load(id)).label // => 'page 1'
 * await op.close()
 */
export interface Operation<T> extends OperationReader<T> {
  /** Fires when another owner is known to have taken over, with the error as its reason. */
  readonly lost: AbortSignal

  /**
   * Records that a piece of the work is done. Calls in flight at once keep their order and share
   * records. After a failure but `OUTCOME_UNKNOWN` nothing was recorded.
   */
  checkpoint(
    label: string,
    payload: T,
    options?: CallOptions,
  ): AsyncResult<CheckpointRef, CheckpointFailure>

  /** Removes all checkpoints but the latest, which gets the label. Its id still loads. */
  compact(label: string): AsyncResult<CompactReport, CheckpointFailure>
  /** Removes the checkpoints that the options do not keep. Results of named steps stay. */
  compact(options: CompactOptions): AsyncResult<CompactReport, CheckpointFailure>

  /** Forgets everything, so that the operation starts over: no earlier id ever loads again. */
  clear(options?: CallOptions): AsyncResult<void, WriteError>

  /**
   * Says that the work is done. The result stays; checkpoints and step results are dropped. Again:
   * nothing happens, the first result stays.
   */
  complete(result?: PlainValue, options?: CallOptions): AsyncResult<void, CheckpointFailure>

  /** Calls back for every event until the returned function is called. */
  on(listener: (event: OperationEvent) => void): () => void
}

/** How payloads are stored and read. */
export interface PayloadOptions<T> {
  /** Turns payloads into bytes. Default: bytes stay bytes, everything else is strict JSON. */
  readonly codec?: Codec<T>
  /** Checks payloads when they are written and when they are read. */
  readonly schema?: StandardSchema<T>
  /** The version of the payloads' form that this program writes. Default 1. */
  readonly version?: number
  /** Turns a payload of an older version into the form of this one, before the schema. */
  readonly migrate?: (payload: unknown, version: number) => unknown
}

/** When checkpoints are compacted without being asked. */
export interface Retention extends Pick<CompactOptions, 'keepLast' | 'keepLabels' | 'maxAgeMs'> {
  /** Compact when so many checkpoints have come since the last time. */
  readonly everyCheckpoints: number
}
