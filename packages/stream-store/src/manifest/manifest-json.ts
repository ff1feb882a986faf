import { compareNames } from '@tidemark/core'
import type { JsonNode } from '../json/json-node.ts'
import type {
  CheckpointManifest,
  ConnectorCheckpoint,
  OperatorCheckpoint,
  SinkCommitStatus,
} from './manifest.ts'

/**
 * A manifest as JSON, fields in the original's order under the original's names. Maps are sorted by
 * the UTF-8 bytes of their keys, so that equal manifests have equal bytes.
 */
export function manifestToJson(manifest: CheckpointManifest): Map<string, JsonNode> {
  return new Map<string, JsonNode>([
    ['version', BigInt(manifest.version)],
    ['checkpoint_id', manifest.checkpointId],
    ['epoch', manifest.epoch],
    ['timestamp_ms', manifest.timestampMs],
    ['source_offsets', sorted(manifest.sourceOffsets, connectorToJson)],
    ['sink_epochs', sorted(manifest.sinkEpochs, same)],
    ['sink_commit_statuses', sorted(manifest.sinkCommitStatuses, statusToJson)],
    ['table_offsets', sorted(manifest.tableOffsets, connectorToJson)],
    ['operator_states', sorted(manifest.operatorStates, operatorToJson)],
    ['table_store_checkpoint_path', manifest.tableStoreCheckpointPath ?? null],
    ['watermark', manifest.watermark ?? null],
    ['source_watermarks', sorted(manifest.sourceWatermarks, same)],
    ['source_names', manifest.sourceNames],
    ['sink_names', manifest.sinkNames],
    ['pipeline_hash', manifest.pipelineHash ?? null],
    ['vnode_count', BigInt(manifest.vnodeCount)],
    ['state_checksum', manifest.stateChecksum ?? null],
  ])
}

function connectorToJson(connector: ConnectorCheckpoint): JsonNode {
  return new Map<string, JsonNode>([
    ['offsets', sorted(connector.offsets, same)],
    ['epoch', connector.epoch],
    ['metadata', sorted(connector.metadata, same)],
  ])
}

function operatorToJson(operator: OperatorCheckpoint): JsonNode {
  return new Map<string, JsonNode>([
    ['state_b64', operator.stateB64 ?? null],
    ['external', operator.external],
    ['external_offset', operator.externalOffset],
    ['external_length', operator.externalLength],
  ])
}

function statusToJson(status: SinkCommitStatus): JsonNode {
  if (status === 'pending') return 'Pending'
  if (status === 'committed') return 'Committed'
  return new Map([['Failed', status.failed]])
}

function sorted<T>(map: ReadonlyMap<string, T>, toJson: (value: T) => JsonNode): JsonNode {
  const names = [...map].sort(([a], [b]) => compareNames(a, b))
  return new Map(names.map(([name, value]) => [name, toJson(value)]))
}

function same(value: string | bigint): JsonNode {
  return value
}
