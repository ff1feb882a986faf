export type {
  BlobBody,
  BlobInfo,
  BlobStore,
  BlobStoreSupport,
  CallOptions,
  DeleteReport,
  GetOptions,
  ListOptions,
  PutError,
  PutManyError,
  PutOptions,
  ReadError,
  StoredBlob,
  Version,
} from './blob/blob-store.ts'
export { isBlobKey } from './blob/blob-key.ts'
export { MemoryBlobStore } from './blob/memory-blob-store.ts'
export { prefixed } from './blob/prefixed.ts'
export { acquireLease, type LeaseOptions } from './lease/acquire-lease.ts'
export { systemClock, type Clock } from './lease/clock.ts'
export type * from './lease/lease.ts'
export type { ProcessProbe } from './lease/owner.ts'
export { blobCommitLog, type BlobCommitLogOptions } from './log/blob-commit-log.ts'
export type * from './log/commit-log.ts'
export { coreError, type CoreError, type CoreErrors } from './result/core-errors.ts'
export * from './result/error.ts'
export * from './result/result.ts'
export { thrownError } from './result/thrown.ts'
export type { BlobByteStorageOptions } from './storage/blob-byte-storage.ts'
export type * from './storage/byte-storage.ts'
export { encodeName } from './storage/identifier.ts'
export type { JsonValue } from './storage/json.ts'
export { MemoryStorage, openStorage } from './storage/memory-storage.ts'
export type * from './storage/storage.ts'
