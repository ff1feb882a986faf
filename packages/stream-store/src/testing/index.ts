export { checkpointStoreContract, type CheckpointStoreCase } from './checkpoint-store-contract.ts'
export type { CheckpointStoreSubject, SubjectNeed, SubjectOptions } from './subject.ts'
