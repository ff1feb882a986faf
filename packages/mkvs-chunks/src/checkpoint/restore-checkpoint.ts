import { err, ok, type AsyncResult, type CallOptions } from '@tidemark/core'
import type { NodeDb } from '../db/node-db.ts'
import { getChunkMetadata, type Metadata } from '../record/metadata.ts'
import type { ChunkProvider, ProviderError } from './provider.ts'
import { newRestorer, type RestoreError, type RestorerOptions } from './restorer.ts'

/** Options of {@link restoreCheckpoint}. */
export interface RestoreCheckpointOptions extends CallOptions, Omit<RestorerOptions, 'db'> {
  readonly db: NodeDb
  /** Where the chunks come from. */
  readonly provider: ChunkProvider
}

/**
 * Restores a checkpoint from a provider, chunk by chunk, and makes its root final. After `ok` the
 * whole tree is in the database and has the root's hash.
 *
 * The metadata must be of a root you trust: compare its hash first. A failure leaves the restore
 * open in the database: the same call goes on where it ended, `db.abortMultipartInsert()` gives up.
 */
export async function restoreCheckpoint(
  metadata: Metadata,
  options: RestoreCheckpointOptions,
): AsyncResult<void, RestoreError | ProviderError> {
  const { db, provider } = options
  const opened = await db.startMultipartInsert(metadata.root.version, options)
  if (!opened.ok) return opened
  const restorer = newRestorer(options)
  const started = await restorer.startRestore(metadata, options)
  if (!started.ok) return started
  for (const index of started.value.pending) {
    const chunk = getChunkMetadata(metadata, index)
    if (!chunk.ok) return chunk
    const body = await provider.getCheckpointChunk(chunk.value, options)
    if (!body.ok) return body
    const restored = await restorer.restoreChunk(index, body.value.stream(), options)
    if (!restored.ok) return err(restored.error)
  }
  const finalized = await db.finalize([metadata.root], options)
  return finalized.ok ? ok() : finalized
}
