export { countingStore, type CountingStore } from './counting-store.ts'
export { operationContract, type OperationSubject } from './operation-contract.ts'
