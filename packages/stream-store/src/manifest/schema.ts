import * as z from 'zod/mini'
import type {
  CheckpointManifest,
  ConnectorCheckpoint,
  OperatorCheckpoint,
  SinkCommitStatus,
} from './manifest.ts'
import { fieldsOf, i64, mapOf, optional, otherwise, text, u64, unsigned } from './schema-parts.ts'

const connector: z.ZodMiniType<ConnectorCheckpoint> = fieldsOf({
  offsets: z.map(text, text),
  epoch: u64,
  metadata: mapOf(text),
})

const operator: z.ZodMiniType<OperatorCheckpoint> = z.pipe(
  fieldsOf({
    state_b64: optional(text),
    external: otherwise(z.boolean(), () => false),
    external_offset: otherwise(u64, () => 0n),
    external_length: otherwise(u64, () => 0n),
  }),
  z.transform((found) => ({
    stateB64: found.state_b64,
    external: found.external,
    externalOffset: found.external_offset,
    externalLength: found.external_length,
  })),
)

/** An enum of Rust: the bare name of a case, or an object with that name as its one key. */
const failedSink = z.map(text, text).check(
  z.refine((fields) => fields.size === 1 && fields.has('Failed'), {
    error: 'a status is Pending, Committed or Failed with a message',
  }),
)
const sinkStatus: z.ZodMiniType<SinkCommitStatus> = z.union([
  z.pipe(
    z.literal('Pending'),
    z.transform(() => 'pending' as const),
  ),
  z.pipe(
    z.literal('Committed'),
    z.transform(() => 'committed' as const),
  ),
  z.pipe(
    failedSink,
    z.transform((fields) => ({ failed: fields.get('Failed') ?? '' })),
  ),
])

/** A manifest as it stands in the file, under the original's names. */
export const manifestSchema: z.ZodMiniType<CheckpointManifest> = z.pipe(
  fieldsOf({
    version: unsigned(32),
    checkpoint_id: u64,
    epoch: u64,
    timestamp_ms: u64,
    source_offsets: mapOf(connector),
    sink_epochs: mapOf(u64),
    sink_commit_statuses: mapOf(sinkStatus),
    table_offsets: mapOf(connector),
    operator_states: mapOf(operator),
    table_store_checkpoint_path: optional(text),
    watermark: optional(i64),
    source_watermarks: mapOf(i64),
    source_names: otherwise(z.array(text), () => []),
    sink_names: otherwise(z.array(text), () => []),
    pipeline_hash: optional(u64),
    vnode_count: otherwise(unsigned(16), () => 0),
    state_checksum: optional(text),
  }),
  z.transform((found) => ({
    version: found.version,
    checkpointId: found.checkpoint_id,
    epoch: found.epoch,
    timestampMs: found.timestamp_ms,
    sourceOffsets: found.source_offsets,
    sinkEpochs: found.sink_epochs,
    sinkCommitStatuses: found.sink_commit_statuses,
    tableOffsets: found.table_offsets,
    operatorStates: found.operator_states,
    tableStoreCheckpointPath: found.table_store_checkpoint_path,
    watermark: found.watermark,
    sourceWatermarks: found.source_watermarks,
    sourceNames: found.source_names,
    sinkNames: found.sink_names,
    pipelineHash: found.pipeline_hash,
    vnodeCount: found.vnode_count,
    stateChecksum: found.state_checksum,
  })),
)

/** What did not fit, shortly: the places, never the values. */
export function describeIssues(error: z.core.$ZodError): string {
  const shown = error.issues.slice(0, 3).map((issue) => {
    const place = issue.path.map(String).join('.')
    return place === '' ? issue.message : `${place.slice(0, 80)}: ${issue.message}`
  })
  return shown.join('; ')
}
