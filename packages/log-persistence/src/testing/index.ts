export { checkHistory, recordUpdate, type Commit } from './history.ts'
export { logPersistenceContract } from './log-persistence-contract.ts'
export type {
  LogPersistenceCase,
  LogPersistenceSubject,
  StoreNeed,
  StorePlace,
} from './store-case.ts'
