import type { AsyncResult, CheckpointError, Clock } from '@tidemark/core'
import type { NodeDb } from '../db/node-db.ts'
import type { Hash } from '../hash/hash.ts'
import type { Root } from '../record/root.ts'
import type { Creator } from './creator.ts'
import type { CreationParameters } from './schedule.ts'

/** Options of `newCheckpointer`. Give `parameters` or `getParameters`, not both. */
export interface CheckpointerConfig {
  /** For events: which checkpointer this is. */
  readonly name: string
  readonly db: NodeDb
  readonly creator: Creator
  /** How often to look for work, or never by itself. */
  readonly checkIntervalMs: number | 'disabled'
  /** A version has exactly so many roots. */
  readonly rootsPerVersion: number
  readonly parameters?: CreationParameters
  /** Asked before each pass; `undefined` skips it. */
  readonly getParameters?: (
    version: bigint,
  ) => AsyncResult<CreationParameters | undefined, CheckpointError>
  /** The roots of a version; a hash stands for a state root. Default: those in the database. */
  readonly getRoots?: (version: bigint) => AsyncResult<readonly (Root | Hash)[], CheckpointError>
  /** Default `true`. With `false` nothing happens until `start`. */
  readonly autoStart?: boolean
  /** Let partial checkpoints count as kept ones, as the original does. Default `false`. */
  readonly countPartial?: boolean
  /** Default: the platform's clock. */
  readonly clock?: Clock
  /** A number in [0, 1): the interval is varied by a tenth to both sides. Default `Math.random`. */
  readonly jitter?: () => number
  /** Aborting it closes the checkpointer. */
  readonly signal?: AbortSignal
}

/** What a checkpointer did, or failed to do. */
export type CheckpointerEvent =
  | { readonly kind: 'created'; readonly version: bigint; readonly forced: boolean }
  | { readonly kind: 'deleted'; readonly version: bigint }
  | { readonly kind: 'skipped'; readonly version: bigint; readonly reason: SkipReason }
  | {
      readonly kind: 'failed'
      readonly version: bigint
      readonly doing: 'parameters' | 'listing' | 'roots' | 'creating' | 'deleting'
      readonly error: unknown
    }

/** Why a version was passed over. */
export type SkipReason = 'paused' | 'disabled' | 'no-parameters'

/** How a checkpointer is. */
export interface CheckpointerStatus {
  readonly name: string
  readonly state: 'idle' | 'waiting' | 'working' | 'closed'
  readonly paused: boolean
  /** The newest version that waits for a pass. */
  readonly notifiedVersion: bigint | undefined
  readonly forcedVersions: readonly bigint[]
  readonly lastCreatedVersion: bigint | undefined
  readonly failures: number
  readonly lastFailure: CheckpointerEvent | undefined
}

/** Makes checkpoints in the background as versions go by. */
export interface Checkpointer extends AsyncDisposable {
  /** A version is final. Returns at once and never fails. */
  notifyNewVersion(version: bigint): void
  /** Makes the checkpoint of a version, schedule or not. Requests wait in a queue. */
  forceCheckpoint(version: bigint): void
  /** Looks for work now instead of after the interval. */
  flush(): void
  /** Stops or resumes scheduled work; the interval begins anew. */
  pause(paused: boolean): void
  /** The versions whose checkpoints are begun, from now on, each before the work. */
  watchCheckpoints(): AsyncIterableIterator<bigint>
  /** What happens from now on. Ends when the checkpointer is closed. */
  events(): AsyncIterableIterator<CheckpointerEvent>
  status(): CheckpointerStatus
  /** Begins to work, once. */
  start(): void
  /** Stops, and waits for the pass in hand. Safe to repeat. */
  close(): Promise<void>
}
