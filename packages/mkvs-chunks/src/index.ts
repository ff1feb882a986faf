export { isTidemarkError, unwrap } from '@tidemark/core'
export { fromHex, toHex } from './bytes/bytes.ts'
export * from './checkpoint/index.ts'
export { MemoryNodeStore } from './db/memory-node-store.ts'
export type * from './db/node-db.ts'
export type * from './db/node-store.ts'
export { openNodeDb, type NodeDbOptions } from './db/stored-node-db.ts'
export {
  type MediumError,
  type MkvsError,
  type MkvsErrors,
  type NodeDbRefusal,
  type Upstream,
} from './errors/mkvs-errors.ts'
export type { Hash } from './hash/hash.ts'
export * from './proof/index.ts'
export * from './record/index.ts'
export { commitTree, type CommitError, type CommitOptions } from './tree/commit-tree.ts'
export { loadTree, proveStored, type LoadOptions } from './tree/load-tree.ts'
export { EMPTY_HASH, MAX_KEY_BYTES, type TreeNode } from './tree/node.ts'
export { Tree, type TreeError, type TreeOptions } from './tree/tree.ts'
export type { WriteLog, WriteLogEntry } from './tree/write-log.ts'
