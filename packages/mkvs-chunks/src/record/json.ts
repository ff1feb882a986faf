import { err, ok, type Result } from '@tidemark/core'
import { toHex } from '../bytes/bytes.ts'
import { malformed, type MkvsError } from '../errors/mkvs-errors.ts'
import { MAX_UINT16, MAX_UINT64 } from './fields.ts'
import type { ChunkMetadata, GetCheckpointsRequest, Metadata } from './metadata.ts'
import { parse32, parseNamespace } from './namespace.ts'
import type { Root } from './root.ts'

// The JSON forms of the records: the same text, byte for byte, as the original prints. Versions and
// indices are JSON numbers of up to 64 bits, so text is written and read here, not objects.

/** A root as JSON text. */
export function rootToJson(root: Root): string {
  const ns = toHex(root.namespace)
  const hash = toHex(root.hash)
  return `{"ns":"${ns}","version":${root.version},"root_type":${root.type},"hash":"${hash}"}`
}

/** A checkpoint's metadata as JSON text. */
export function metadataToJson({ version, root, chunks }: Metadata): string {
  const list = chunks.length === 0 ? 'null' : JSON.stringify(chunks.map(toHex))
  return `{"version":${version},"root":${rootToJson(root)},"chunks":${list}}`
}

/** A chunk's metadata as JSON text. */
export function chunkMetadataToJson({ version, root, index, digest }: ChunkMetadata): string {
  const end = `"index":${index},"digest":"${toHex(digest)}"}`
  return `{"version":${version},"root":${rootToJson(root)},${end}`
}

/** A request for checkpoints as JSON text. */
export function getCheckpointsRequestToJson(request: GetCheckpointsRequest): string {
  const { version, namespace, rootVersion } = request
  const end = rootVersion === undefined ? '' : `,"root_version":${rootVersion}`
  return `{"version":${version},"namespace":"${toHex(namespace)}"${end}}`
}

type Read<T> = Result<T, MkvsError<'MALFORMED'>>

/** Reads a root from JSON text. `MALFORMED` when it is none. */
export function rootFromJson(text: string): Read<Root> {
  return fromJson('root', text, rootOf)
}

/** Reads a checkpoint's metadata from JSON text. `MALFORMED` when it is none. */
export function metadataFromJson(text: string): Read<Metadata> {
  return fromJson('metadata', text, (value) => {
    const root = rootOf(field(value, 'root'))
    const version = uint(field(value, 'version'), MAX_UINT16)
    const chunks: unknown = field(value, 'chunks') ?? []
    if (root === undefined || version === undefined || !Array.isArray(chunks)) return undefined
    const digests = chunks.map(hash32)
    const known = digests.filter((digest) => digest !== undefined)
    return known.length < digests.length
      ? undefined
      : { version: Number(version), root, chunks: known }
  })
}

/** Reads a chunk's metadata from JSON text. `MALFORMED` when it is none. */
export function chunkMetadataFromJson(text: string): Read<ChunkMetadata> {
  return fromJson('chunk metadata', text, (value) => {
    const root = rootOf(field(value, 'root'))
    const version = uint(field(value, 'version'), MAX_UINT16)
    const index = uint(field(value, 'index'), MAX_UINT64)
    const digest = hash32(field(value, 'digest'))
    if (root === undefined || version === undefined) return undefined
    if (index === undefined || digest === undefined) return undefined
    return { version: Number(version), root, index, digest }
  })
}

/** Reads a request for checkpoints from JSON text. `MALFORMED` when it is none. */
export function getCheckpointsRequestFromJson(text: string): Read<GetCheckpointsRequest> {
  return fromJson('checkpoints request', text, (value) => {
    const version = uint(field(value, 'version'), MAX_UINT16)
    const namespace = namespaceOf(field(value, 'namespace'))
    const given = field(value, 'root_version')
    const rootVersion = uint(given, MAX_UINT64)
    if (version === undefined || namespace === undefined) return undefined
    if (given === undefined || given === null) return { version: Number(version), namespace }
    if (rootVersion === undefined) return undefined
    return { version: Number(version), namespace, rootVersion }
  })
}

function rootOf(value: unknown): Root | undefined {
  const namespace = namespaceOf(field(value, 'ns'))
  const version = uint(field(value, 'version'), MAX_UINT64)
  const type = uint(field(value, 'root_type'), 0xffn)
  const hash = hash32(field(value, 'hash'))
  if (namespace === undefined || version === undefined) return undefined
  if (type === undefined || hash === undefined) return undefined
  return { namespace, version, type: Number(type), hash }
}

function fromJson<T>(what: string, text: string, read: (value: unknown) => T | undefined): Read<T> {
  let value: unknown
  try {
    // Integers that a double cannot hold become strings on the way. In a record no string can
    // look like this; should one, the text breaks and is refused.
    value = JSON.parse(text.replaceAll(/([:[,]\s*)(\d{16,20})(?=\s*[,}\]])/g, '$1"$2"'))
  } catch {
    return err(malformed(what, 'not JSON'))
  }
  const record = read(value)
  return record === undefined ? err(malformed(what, 'fields missing or wrong')) : ok(record)
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return Reflect.get(value, name)
}

function uint(value: unknown, maximum: bigint): bigint | undefined {
  const isNumber = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  const isLong = typeof value === 'string' && /^\d{16,20}$/.test(value)
  if (!isNumber && !isLong) return undefined
  const integer = BigInt(value)
  return integer <= maximum ? integer : undefined
}

function hash32(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? parse32(value) : undefined
}

function namespaceOf(value: unknown): Uint8Array | undefined {
  return typeof value === 'string' ? parseNamespace(value) : undefined
}
