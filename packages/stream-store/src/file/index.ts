export { openLaminarStore, type LaminarStoreOptions } from './open-laminar-store.ts'
export { openStreamStore, type FileStreamStoreOptions } from './open-stream-store.ts'
export type { LaminarInspection, LaminarStore } from '../laminar/laminar-store.ts'
