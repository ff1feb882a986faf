export { countingStore, type CountingStore } from './counting-store.ts'
export {
  operationContract,
  type OperationCase,
  type OperationSubject,
} from './operation-contract.ts'
