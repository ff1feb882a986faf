export type { CheckpointState, ReadSlotError, SlotSelection } from './native/checkpoint-state.ts'
export type { CheckpointWriter, CommitOutcome, PutStateError } from './native/checkpoint-writer.ts'
export type { CollectReport } from './native/collector.ts'
export { openStreamStore } from './native/open-stream-store.ts'
export type { StoreEvent, StreamStoreOptions } from './native/options.ts'
export type { BeginInput, StoreInspection, StreamStore } from './native/stream-store.ts'
export {
  createManifest,
  type ConnectorInput,
  type Integer,
  type ManifestInput,
  type Named,
} from './manifest/create-manifest.ts'
export * from './manifest/manifest.ts'
export { decodeManifest, encodeManifest } from './manifest/manifest-codec.ts'
export * from './manifest/operator-checkpoint.ts'
export { inlineDigest, type ChecksumRule } from './manifest/state-checksum.ts'
export { validateManifest, type Fault, type ValidationIssue } from './manifest/validate-manifest.ts'
export { pipelineCheckpoints } from './pipeline/pipeline-checkpoints.ts'
export type * from './pipeline/pipeline-options.ts'
export type { StateSource } from './state/pieces.ts'
export type { Slot, SlotInfo, SlotName } from './state/slot.ts'
export type * from './store/checkpoint-store.ts'
export { checkpointStore } from './store/complete-store.ts'
export type * from './store/store-errors.ts'
