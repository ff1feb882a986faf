import {
  DEFAULT_VNODE_COUNT,
  MANIFEST_VERSION,
  type CheckpointManifest,
  type ConnectorCheckpoint,
  type OperatorCheckpoint,
  type SinkCommitStatus,
} from './manifest.ts'

/** An integer: a `bigint`, or a `number` where that is exact. */
export type Integer = bigint | number

/** Values by name: a `Map`, or an object literal. */
export type Named<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>

/** The position of a source, as a caller writes it. */
export interface ConnectorInput {
  readonly offsets: Named<string>
  readonly epoch?: Integer
  readonly metadata?: Named<string>
}

/** A manifest as a caller writes it: only what differs from nothing. */
export interface ManifestInput {
  readonly checkpointId: Integer
  readonly epoch: Integer
  /** Default: now. */
  readonly timestampMs?: Integer
  readonly sourceOffsets?: Named<ConnectorInput>
  readonly sinkEpochs?: Named<Integer>
  readonly sinkCommitStatuses?: Named<SinkCommitStatus>
  readonly tableOffsets?: Named<ConnectorInput>
  readonly operatorStates?: Named<OperatorCheckpoint>
  readonly tableStoreCheckpointPath?: string
  readonly watermark?: Integer
  readonly sourceWatermarks?: Named<Integer>
  readonly sourceNames?: readonly string[]
  readonly sinkNames?: readonly string[]
  readonly pipelineHash?: Integer
  /** Default 256. */
  readonly vnodeCount?: number
  readonly stateChecksum?: string
}

/**
 * Makes a whole manifest of what a caller cares to say. A `number` that is no integer throws a
 * `RangeError`, as `BigInt` does; ranges are checked when the manifest is saved.
 *
 * @example
 * import { createManifest } from '@tidemark/stream-store'
 *
 * const manifest = createManifest({
 *   checkpointId: 1,
 *   epoch: 1,
 *   sourceOffsets: { orders: { offsets: { 'partition-0': '1234' } } },
 * })
 * manifest.sourceOffsets.get('orders')?.offsets.get('partition-0') // => '1234'
 */
export function createManifest(input: ManifestInput): CheckpointManifest {
  const epoch = BigInt(input.epoch)
  const connectors = (named: Named<ConnectorInput> | undefined): Map<string, ConnectorCheckpoint> =>
    mapOf(named, (connector) => connectorOf(connector, epoch))
  return {
    version: MANIFEST_VERSION,
    checkpointId: BigInt(input.checkpointId),
    epoch,
    timestampMs: BigInt(input.timestampMs ?? Date.now()),
    sourceOffsets: connectors(input.sourceOffsets),
    sinkEpochs: mapOf(input.sinkEpochs, BigInt),
    sinkCommitStatuses: mapOf(input.sinkCommitStatuses, same),
    tableOffsets: connectors(input.tableOffsets),
    operatorStates: mapOf(input.operatorStates, same),
    tableStoreCheckpointPath: input.tableStoreCheckpointPath,
    watermark: optionalBigInt(input.watermark),
    sourceWatermarks: mapOf(input.sourceWatermarks, BigInt),
    sourceNames: [...(input.sourceNames ?? [])],
    sinkNames: [...(input.sinkNames ?? [])],
    pipelineHash: optionalBigInt(input.pipelineHash),
    vnodeCount: input.vnodeCount ?? DEFAULT_VNODE_COUNT,
    stateChecksum: input.stateChecksum,
  }
}

function connectorOf(input: ConnectorInput, epoch: bigint): ConnectorCheckpoint {
  return {
    offsets: mapOf(input.offsets, same),
    epoch: BigInt(input.epoch ?? epoch),
    metadata: mapOf(input.metadata, same),
  }
}

function optionalBigInt(value: Integer | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value)
}

function mapOf<T, U>(named: Named<T> | undefined, convert: (value: T) => U): Map<string, U> {
  const mapped = new Map<string, U>()
  for (const [name, value] of entriesOf(named ?? {})) mapped.set(name, convert(value))
  return mapped
}

/** The names and values, however they were given. */
export function entriesOf<T>(named: Named<T>): Iterable<[string, T]> {
  return isMap(named) ? named.entries() : Object.entries(named)
}

function isMap<T>(named: Named<T>): named is ReadonlyMap<string, T> {
  return named instanceof Map
}

function same<T>(value: T): T {
  return value
}
