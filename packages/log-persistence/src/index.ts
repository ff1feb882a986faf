export { blobPersistence, type BlobPersistenceOptions } from './blob/blob-persistence.ts'
export type { ConflictError, InitError, ReadError, ReplaceError, UpdateError } from './errors.ts'
export { findRollbacks, guardRollback, type GuardOptions } from './guard/rollback-guard.ts'
export { MAX_LOG_ID_BYTES, MAX_VALUE_BYTES } from './limits.ts'
export type * from './log-persistence.ts'
export {
  logPersistenceError,
  type LogPersistenceError,
  type LogPersistenceErrors,
} from './log-persistence-errors.ts'
export { memoryPersistence } from './memory/memory-persistence.ts'
export { persistenceOn, type PersistenceOptions } from './persistence.ts'
export type { StoreLife } from './store-life.ts'
export { exportLogs } from './transfer/export-logs.ts'
export {
  importLogs,
  type ImportError,
  type ImportOptions,
  type ImportReport,
} from './transfer/import-logs.ts'
