export { fromHex, toHex } from './bytes/bytes.ts'
export { newCreateRestorer, type CreateRestorer } from './checkpoint/create-restorer.ts'
export {
  newCreator,
  type Creator,
  type CreatorError,
  type CreatorOptions,
} from './checkpoint/creator.ts'
export type * from './checkpoint/provider.ts'
export {
  restoreCheckpoint,
  type RestoreCheckpointOptions,
} from './checkpoint/restore-checkpoint.ts'
export * from './checkpoint/restorer.ts'
export { MemoryNodeStore } from './db/memory-node-store.ts'
export type * from './db/node-db.ts'
export type * from './db/node-store.ts'
export { openNodeDb, type NodeDbOptions } from './db/stored-node-db.ts'
export * from './errors/mkvs-errors.ts'
export type { Hash } from './hash/hash.ts'
export {
  decodeProof,
  encodeProof,
  type Proof,
  type ProofEntry,
  type ProofVersion,
} from './proof/proof.ts'
export { getProof, iterateProof, prefixesProof, type ProofQuery } from './proof/prove.ts'
export {
  MAX_PROOF_DEPTH,
  verifyProof,
  type ProvenTree,
  type VerifyOptions,
} from './proof/verify.ts'
export type { DecodeOptions } from './record/fields.ts'
export * from './record/json.ts'
export * from './record/metadata.ts'
export { isNamespace, parseNamespace, testNamespace, type Namespace } from './record/namespace.ts'
export * from './record/root.ts'
export { decodeWriteLog, encodeWriteLog } from './record/write-log.ts'
export { commitTree, type CommitError, type CommitOptions } from './tree/commit-tree.ts'
export { loadTree, proveStored, type LoadOptions } from './tree/load-tree.ts'
export { EMPTY_HASH, MAX_KEY_BYTES, type TreeNode } from './tree/node.ts'
export { Tree, type TreeError, type TreeOptions } from './tree/tree.ts'
export type { WriteLog, WriteLogEntry } from './tree/write-log.ts'
export { isTidemarkError, unwrap } from '@tidemark/core'
export { newCheckpointer } from './checkpoint/checkpointer.ts'
export type * from './checkpoint/checkpointer-types.ts'
export type { CreationParameters } from './checkpoint/schedule.ts'
