export { checkHistory, recordUpdate, type Commit, type Recorded, type Unknown } from './history.ts'
export { logPersistenceContract } from './log-persistence-contract.ts'
export type {
  LogPersistenceCase,
  LogPersistenceSubject,
  StoreNeed,
  StorePlace,
} from './store-case.ts'
