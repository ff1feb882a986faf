export { LevelNodeStore, type LevelNodeStoreOptions } from './level-node-store.ts'
export type { LevelDatabase, LevelOperation } from './level-database.ts'
