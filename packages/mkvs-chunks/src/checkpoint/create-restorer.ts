import type { Creator } from './creator.ts'
import type { Restorer } from './restorer.ts'

/** Makes, keeps, provides and restores checkpoints. */
export interface CreateRestorer extends Creator, Restorer {}

/** A creator and a restorer as one. */
export function newCreateRestorer(creator: Creator, restorer: Restorer): CreateRestorer {
  return {
    createCheckpoint: (...args) => creator.createCheckpoint(...args),
    getCheckpoint: (...args) => creator.getCheckpoint(...args),
    getCheckpoints: (...args) => creator.getCheckpoints(...args),
    getCheckpointChunk: (...args) => creator.getCheckpointChunk(...args),
    deleteCheckpoint: (...args) => creator.deleteCheckpoint(...args),
    startRestore: (...args) => restorer.startRestore(...args),
    restoreChunk: (...args) => restorer.restoreChunk(...args),
    abortRestore: (...args) => restorer.abortRestore(...args),
    getCurrentCheckpoint: () => restorer.getCurrentCheckpoint(),
  }
}
