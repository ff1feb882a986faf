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
export type * from './log/commit-log.ts'
export { coreError, type CoreError, type CoreErrors } from './result/core-errors.ts'
export * from './result/error.ts'
export * from './result/result.ts'
export type * from './storage/json.ts'
export type * from './storage/storage.ts'
