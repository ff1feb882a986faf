import { decodeCbor } from '../cbor/decode.ts'
import { cborMap, cborUint } from '../cbor/encode.ts'

/** What, besides the root, decides the chunks of a checkpoint. */
export interface CreationParams {
  readonly chunkSize: number
  readonly chunkerThreads: number
}

/** The canonical CBOR of creation parameters. */
export function encodeParams({ chunkSize, chunkerThreads }: CreationParams): Uint8Array {
  return cborMap([
    ['chunk_size', cborUint(chunkSize)],
    ['chunker_threads', cborUint(chunkerThreads)],
  ])
}

/** Reads creation parameters, or `undefined`. */
export function decodeParams(bytes: Uint8Array): CreationParams | undefined {
  const item = decodeCbor(bytes)
  const map = item.ok ? item.value.value : undefined
  if (!(map instanceof Map)) return undefined
  const chunkSize: unknown = map.get('chunk_size')
  const chunkerThreads: unknown = map.get('chunker_threads')
  if (typeof chunkSize !== 'bigint' || typeof chunkerThreads !== 'bigint') return undefined
  return { chunkSize: Number(chunkSize), chunkerThreads: Number(chunkerThreads) }
}
