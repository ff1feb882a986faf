export { FileBlobStore, type FileBlobStoreOptions } from './file-blob-store.ts'
export { FileStorage, type FileStorageOptions } from './file-storage.ts'
export type {
  DirectoryEntry,
  FileKind,
  FileStat,
  FileSystem,
  ReadableFile,
  SystemError,
  WritableFile,
} from './file-system.ts'
export { nodeFileSystem } from './node-file-system.ts'
export { nodeProcessProbe } from './process-probe.ts'
export type { OpenFileError } from './prepare-root.ts'
export { attemptSystem, systemName } from './system-failure.ts'
