export { blobStoreContract } from './blob-store-contract.ts'
export type { BlobStoreSubject } from './blob-store/blob-store-case.ts'
export { commitLogContract } from './commit-log-contract.ts'
export type { CommitLogSubject } from './commit-log/commit-log-case.ts'
export { ContractFailure } from './check.ts'
export { unmetNeeds, type ContractCase, type Feature, type Supporting } from './contract.ts'
export {
  FaultyBlobStore,
  type BlobCall,
  type Fault,
  type FaultyBlobStoreOptions,
} from './faulty-blob-store.ts'
export * from './simulated-disk/index.ts'
export { storageContract } from './storage-contract.ts'
export type { StorageSubject } from './storage/storage-case.ts'
