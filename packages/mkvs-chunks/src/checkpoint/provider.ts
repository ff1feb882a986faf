import type { AsyncResult, CallOptions } from '@tidemark/core'
import type { MediumError, MkvsError } from '../errors/mkvs-errors.ts'
import type { ChunkMetadata, GetCheckpointsRequest, Metadata } from '../record/metadata.ts'

/** Why a provider does not give what it was asked for. */
export type ProviderError = MediumError | MkvsError<'CHECKPOINT_NOT_FOUND' | 'CHUNK_NOT_FOUND'>

/** The bytes of a chunk file, whole or in pieces. */
export interface ChunkBody {
  readonly sizeBytes: number
  bytes(): AsyncResult<Uint8Array, MediumError>
  /** Throws what `bytes` would answer. */
  stream(): AsyncIterable<Uint8Array>
}

/** The checkpoints a provider has. */
export interface CheckpointList {
  readonly checkpoints: readonly Metadata[]
  /** Where a checkpoint should be and its metadata cannot be read. */
  readonly damaged: readonly { readonly key: string; readonly reason: string }[]
}

/** Whoever has checkpoints to restore from: a creator, or a client of one far away. */
export interface ChunkProvider {
  /** The checkpoints of a namespace. An unknown format version: none, and no error. */
  getCheckpoints(
    request: GetCheckpointsRequest,
    options?: CallOptions,
  ): AsyncResult<CheckpointList, ProviderError>

  /** The bytes of one chunk. Nobody has compared them with their digest yet. */
  getCheckpointChunk(
    chunk: ChunkMetadata,
    options?: CallOptions,
  ): AsyncResult<ChunkBody, ProviderError>
}
