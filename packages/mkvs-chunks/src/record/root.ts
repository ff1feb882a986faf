import { hash } from '#hash'
import { type Result } from '@tidemark/core'
import { equalBytes, toHex } from '../bytes/bytes.ts'
import { cborBytes, cborMap, cborUint } from '../cbor/encode.ts'
import type { MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { EMPTY_HASH } from '../tree/node.ts'
import { decodeRecord, MAX_UINT64, type DecodeOptions, type Fields } from './fields.ts'
import { isNamespace, type Namespace } from './namespace.ts'

/** What a tree is for: the number that stands in records. */
export const ROOT_TYPE: { readonly invalid: 0; readonly state: 1; readonly io: 2 } = {
  invalid: 0,
  state: 1,
  io: 2,
}

/** Names one tree: whose it is, of which version, of which type, and its hash. */
export interface Root {
  readonly namespace: Namespace
  /** Unsigned, 64 bits. */
  readonly version: bigint
  /** See {@link ROOT_TYPE}. */
  readonly type: number
  readonly hash: Hash
}

/** Whether two roots are equal: all four fields. */
export function equalRoots(a: Root, b: Root): boolean {
  return (
    a.version === b.version &&
    a.type === b.type &&
    equalBytes(a.hash, b.hash) &&
    equalBytes(a.namespace, b.namespace)
  )
}

/** Whether `next` may follow `root`: same namespace and type, same version or the next one. */
export function rootFollows(root: Root, next: Root): boolean {
  return (
    next.type === root.type &&
    equalBytes(next.namespace, root.namespace) &&
    (next.version === root.version || next.version === root.version + 1n)
  )
}

/** Whether it is the root of an empty tree. */
export function isEmptyRoot(root: Root): boolean {
  return equalBytes(root.hash, EMPTY_HASH)
}

/** A root as text for messages and file names: `<version>/<hash>`. */
export function rootName(root: Root): string {
  return `${root.version}/${toHex(root.hash)}`
}

/** The canonical CBOR of a root. */
export function encodeRoot(root: Root): Uint8Array {
  return cborMap([
    ['ns', cborBytes(root.namespace)],
    ['hash', cborBytes(root.hash)],
    ['version', cborUint(root.version)],
    ['root_type', cborUint(root.type)],
  ])
}

/** The hash of a root's CBOR: what the original calls `EncodedHash`. */
export function encodedRootHash(root: Root): Hash {
  return hash(encodeRoot(root))
}

/** Reads a root. `MALFORMED` when it is none. */
export function decodeRoot(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Result<Root, MkvsError<'MALFORMED'>> {
  return decodeRecord('root', bytes, rootShape, options)
}

/** The fields of a root's record. */
export const ROOT_FIELDS: readonly string[] = ['ns', 'hash', 'version', 'root_type']

/** Takes a root from the fields of its record. */
export function readRoot(fields: Fields): Root {
  const namespace = fields.bytes32('ns')
  if (!isNamespace(namespace)) fields.fail('malformed namespace')
  return {
    namespace,
    hash: fields.bytes32('hash'),
    version: fields.uint('version', MAX_UINT64),
    type: Number(fields.uint('root_type', 0xffn)),
  }
}

const rootShape = { names: ROOT_FIELDS, read: readRoot, encode: encodeRoot }
