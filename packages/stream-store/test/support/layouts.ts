import { unwrap } from '@tidemark/core'
import { FileBlobStore, type FileSystem } from '@tidemark/core/file'
import { openLaminarStore } from '../../src/file/index.ts'
import { createManifest, openStreamStore, type CheckpointStore } from '../../src/index.ts'

/** A layout on a disk, opened as by a process that was just started. */
export type OpenLayout = (
  fileSystem: FileSystem,
  keep?: number,
) => Promise<CheckpointStore & { close: () => Promise<void> }>

/** Lost answers are settled at once: nobody sleeps on a simulated disk. */
const log = { settle: { attempts: 3, pauseMs: 0, sleep: async () => undefined } }

/** Both layouts, with everything given up deleted at once. */
export const layouts: Readonly<Record<string, OpenLayout>> = {
  native: async (fileSystem, keep = 2) => {
    const store = unwrap(await FileBlobStore.open('/s', { fileSystem }))
    const options = { keep, graceMs: 0, orphanMinAgeMs: 0, closeMedium: true, log }
    return unwrap(await openStreamStore({ store, ...options }))
  },
  'of the original': async (fileSystem, keep = 2) => {
    const options = { dir: '/s', maxRetained: keep, orphanMinAgeMs: 0, nowMs: () => Infinity }
    return unwrap(await openLaminarStore({ ...options, fileSystem }))
  },
}

/** State of its own file for every other number, and state inside the record. */
export function stateOf(n: number): Uint8Array {
  return new Uint8Array(n % 2 === 0 ? 70_000 : 300).fill(n)
}

/** The manifest of an attempt to save an id: every attempt has a number of its own. */
export function manifestOf(id: bigint, attempt: number) {
  return createManifest({ checkpointId: id, epoch: id, timestampMs: 1, watermark: attempt })
}
