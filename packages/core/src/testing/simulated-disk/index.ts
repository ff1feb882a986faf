export {
  crashStates,
  processCrash,
  type CrashReport,
  type CrashState,
  type CrashStates,
  type CrashStatesOptions,
} from './crash-states.ts'
export { evenly, everyChoice, seededRandom, type Choose } from './choices.ts'
export type { Planted } from './contents.ts'
export type { Effect, Nodes } from './disk-image.ts'
export type { FaultOptions } from './faults.ts'
export type { Gate } from './file-system-view.ts'
export {
  formatEntry,
  formatOperation,
  type Call,
  type JournalEntry,
  type Operation,
} from './journal.ts'
export {
  createScheduler,
  interleavings,
  type InterleavingsOptions,
  type InterleavingsReport,
  type Scheduler,
  type WaitingCall,
} from './scheduler.ts'
export { SimulatedDisk, type SimulatedDiskOptions } from './simulated-disk.ts'
export { systemError, type ErrorId, type ErrorName } from './system-error.ts'
export { systemCallsOfStrace } from './strace.ts'
export { systemCalls } from './system-calls.ts'
