/**
 * What one checkpoint says: where every source stood, what every sink did, and the state of every
 * operator, inline or as a place in the binary state beside it.
 *
 * The seventeen fields of LaminarDB's `CheckpointManifest`, in its order. u64 and i64 are `bigint`;
 * maps are `Map`, because names come from users.
 */
export interface CheckpointManifest {
  /** Version of the format, 1. */
  readonly version: number
  /** Unique, rising. Never used again, also after the checkpoint was pruned or given up. */
  readonly checkpointId: bigint
  /** Epoch of exactly-once processing; rises with the ids, a counter of its own. */
  readonly epoch: bigint
  /** Milliseconds since 1970, for people. Decides nothing. */
  readonly timestampMs: bigint
  /** Positions of sources, by name. */
  readonly sourceOffsets: ReadonlyMap<string, ConnectorCheckpoint>
  /** The last epoch of each exactly-once sink. */
  readonly sinkEpochs: ReadonlyMap<string, bigint>
  /** What each sink did with this epoch. */
  readonly sinkCommitStatuses: ReadonlyMap<string, SinkCommitStatus>
  /** Positions of the sources of reference tables. */
  readonly tableOffsets: ReadonlyMap<string, ConnectorCheckpoint>
  /** State by operator. */
  readonly operatorStates: ReadonlyMap<string, OperatorCheckpoint>
  /** Where a table store keeps its own snapshot: opaque. */
  readonly tableStoreCheckpointPath: string | undefined
  /** Event-time watermark of everything. */
  readonly watermark: bigint | undefined
  /** Event-time watermarks by source. */
  readonly sourceWatermarks: ReadonlyMap<string, bigint>
  /** Sorted names of the sources there were. */
  readonly sourceNames: readonly string[]
  /** Sorted names of the sinks there were. */
  readonly sinkNames: readonly string[]
  /** Hash of the pipeline's definition. A change only warns. */
  readonly pipelineHash: bigint | undefined
  /** Number of partitions of keyed state, 0 to 65 535. */
  readonly vnodeCount: number
  /** SHA-256 over the state, 64 lower-case hex digits. `saveWithState` fills it in. */
  readonly stateChecksum: string | undefined
}

/** The position of one source. */
export interface ConnectorCheckpoint {
  /** Opaque: `partition-0` → `1234`, `lsn` → `0/1234ABCD`. */
  readonly offsets: ReadonlyMap<string, string>
  readonly epoch: bigint
  readonly metadata: ReadonlyMap<string, string>
}

/** The state of one operator: inline as base64, or a range of the binary state. */
export interface OperatorCheckpoint {
  readonly stateB64: string | undefined
  readonly external: boolean
  readonly externalOffset: bigint
  readonly externalLength: bigint
}

/**
 * What a sink did with an epoch: written but not decided, made visible, or tried and failed (with
 * the reason).
 */
export type SinkCommitStatus = 'pending' | 'committed' | { readonly failed: string }

/** The version of the format that this package writes, and the newest that it reads. */
export const MANIFEST_VERSION = 1

/** Partitions of keyed state unless said otherwise. */
export const DEFAULT_VNODE_COUNT = 256

/** The largest id, epoch, hash, offset and length. */
export const MAX_U64: bigint = 2n ** 64n - 1n

/** The bounds of a watermark. */
export const MIN_I64: bigint = -(2n ** 63n)
export const MAX_I64: bigint = 2n ** 63n - 1n
