import { hash } from '#hash'
import { err, ok, type Result } from '@tidemark/core'
import { CBOR_NULL, cborArray, cborBytes, cborMap, cborUint } from '../cbor/encode.ts'
import { malformed, mkvsError, UPSTREAM, type MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { decodeRecord, MAX_UINT16, MAX_UINT64, type DecodeOptions, type Fields } from './fields.ts'
import { isNamespace, type Namespace } from './namespace.ts'
import { encodeRoot, readRoot, ROOT_FIELDS, ROOT_TYPE, type Root } from './root.ts'

/** The one version of the checkpoint format. */
export const CHECKPOINT_VERSION = 1

/** A checkpoint: the root it is of, and the digest of each of its chunks. */
export interface Metadata {
  /** The format: {@link CHECKPOINT_VERSION}. */
  readonly version: number
  readonly root: Root
  /** Digests of the chunk files. None at all encodes as null. */
  readonly chunks: readonly Hash[]
}

/** One chunk of a checkpoint. */
export interface ChunkMetadata {
  readonly version: number
  readonly root: Root
  readonly index: bigint
  readonly digest: Hash
}

/** Asks for the checkpoints of a namespace, of all versions or of one. */
export interface GetCheckpointsRequest {
  readonly version: number
  readonly namespace: Namespace
  readonly rootVersion?: bigint
}

type Malformed = MkvsError<'MALFORMED'>

/** The canonical CBOR of a checkpoint's metadata. */
export function encodeMetadata(metadata: Metadata): Uint8Array {
  const { chunks } = metadata
  return cborMap([
    ['root', encodeRoot(metadata.root)],
    ['chunks', chunks.length === 0 ? CBOR_NULL : cborArray(chunks.map(cborBytes))],
    ['version', cborUint(metadata.version)],
  ])
}

/** Reads a checkpoint's metadata. `MALFORMED` when it is none. */
export function decodeMetadata(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Result<Metadata, Malformed> {
  return decodeRecord('metadata', bytes, metadataShape, options)
}

const metadataShape = {
  names: ['root', 'chunks', 'version'],
  encode: encodeMetadata,
  read: (fields: Fields): Metadata => ({
    root: fields.record('root', ROOT_FIELDS, readRoot),
    chunks: fields.list32('chunks'),
    version: Number(fields.uint('version', MAX_UINT16)),
  }),
}

/** The identity of a checkpoint among peers: the hash of its canonical CBOR. */
export function encodedHash(metadata: Metadata): Hash {
  return hash(encodeMetadata(metadata))
}

/** Whether a checkpoint can be meant: a root of a known type, and at least one chunk. */
export function validateMetadata(metadata: Metadata): Result<void, Malformed> {
  const { type } = metadata.root
  if (type === ROOT_TYPE.invalid) return err(malformed('metadata', 'invalid root type: invalid'))
  if (type > ROOT_TYPE.io) {
    return err(malformed('metadata', `invalid root type: [unknown root type: ${type}]`))
  }
  if (metadata.chunks.length === 0) return err(malformed('metadata', 'zero chunks'))
  return ok()
}

/** What to ask a provider for to get one chunk. `CHUNK_NOT_FOUND` past the last one. */
export function getChunkMetadata(
  metadata: Metadata,
  index: number | bigint,
): Result<ChunkMetadata, MkvsError<'CHUNK_NOT_FOUND'>> {
  const digest = metadata.chunks[Number(index)]
  if (digest === undefined) return err(chunkNotFound(index))
  return ok({ version: metadata.version, root: metadata.root, index: BigInt(index), digest })
}

/** There is no such chunk. */
export function chunkNotFound(index: number | bigint): MkvsError<'CHUNK_NOT_FOUND'> {
  const upstream = UPSTREAM.CHUNK_NOT_FOUND
  return mkvsError('CHUNK_NOT_FOUND', upstream.text, { index: `${index}`, upstream })
}

/** The canonical CBOR of a chunk's metadata. */
export function encodeChunkMetadata(chunk: ChunkMetadata): Uint8Array {
  return cborMap([
    ['root', encodeRoot(chunk.root)],
    ['index', cborUint(chunk.index)],
    ['digest', cborBytes(chunk.digest)],
    ['version', cborUint(chunk.version)],
  ])
}

/** Reads a chunk's metadata. `MALFORMED` when it is none. */
export function decodeChunkMetadata(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Result<ChunkMetadata, Malformed> {
  const shape = {
    names: ['root', 'index', 'digest', 'version'],
    encode: encodeChunkMetadata,
    read: (fields: Fields): ChunkMetadata => ({
      root: fields.record('root', ROOT_FIELDS, readRoot),
      index: fields.uint('index', MAX_UINT64),
      digest: fields.bytes32('digest'),
      version: Number(fields.uint('version', MAX_UINT16)),
    }),
  }
  return decodeRecord('chunk metadata', bytes, shape, options)
}

/** The canonical CBOR of a request for checkpoints. */
export function encodeGetCheckpointsRequest(request: GetCheckpointsRequest): Uint8Array {
  const { version, namespace, rootVersion } = request
  return cborMap([
    ['version', cborUint(version)],
    ['namespace', cborBytes(namespace)],
    ...(rootVersion === undefined ? [] : [['root_version', cborUint(rootVersion)] as const]),
  ])
}

/** Reads a request for checkpoints. `MALFORMED` when it is none. */
export function decodeGetCheckpointsRequest(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Result<GetCheckpointsRequest, Malformed> {
  const shape = {
    names: ['version', 'namespace', 'root_version'],
    encode: encodeGetCheckpointsRequest,
    read: (fields: Fields): GetCheckpointsRequest => {
      const namespace = fields.bytes32('namespace')
      if (!isNamespace(namespace)) fields.fail('malformed namespace')
      const version = Number(fields.uint('version', MAX_UINT16))
      const rootVersion = fields.optionalUint('root_version', MAX_UINT64)
      return { version, namespace, ...(rootVersion === undefined ? {} : { rootVersion }) }
    },
  }
  return decodeRecord('checkpoints request', bytes, shape, options)
}
