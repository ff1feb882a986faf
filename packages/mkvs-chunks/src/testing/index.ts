export { chunkProviderContract, type ChunkProviderSubject } from './chunk-provider-contract.ts'
export { nodeStoreContract, type NodeStoreSubject } from './node-store-contract.ts'
