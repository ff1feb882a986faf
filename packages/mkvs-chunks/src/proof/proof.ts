import { type Result } from '@tidemark/core'
import { CBOR_NULL, cborArray, cborBytes, cborMap, cborUint } from '../cbor/encode.ts'
import type { MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { decodeRecord, MAX_UINT16, type DecodeOptions, type Fields } from '../record/fields.ts'

/** Version 0 carries a node's embedded leaf inside it; version 1 as a child of its own. */
export type ProofVersion = 0 | 1

/**
 * One node of a proof, in pre-order: `undefined` for no node, `01 | node` for a node that is
 * opened (its children follow), `02 | hash` for one that is not.
 */
export type ProofEntry = Uint8Array | undefined

/** First byte of a proof entry. */
export const OPENED = 0x01
export const HASH_ONLY = 0x02

/** A part of a tree, and enough hashes to compute the root from it. */
export interface Proof {
  /** 0 or 1; anything else was not made here and is refused by the verifier. */
  readonly version: number
  /** The hash the proof starts at. Compare with one you trust. */
  readonly untrustedRoot: Hash
  readonly entries: readonly ProofEntry[]
}

/** The canonical CBOR of a proof. */
export function encodeProof({ version, untrustedRoot, entries }: Proof): Uint8Array {
  const items = entries.map((entry) => (entry === undefined ? CBOR_NULL : cborBytes(entry)))
  return cborMap([
    ...(version === 0 ? [] : [['v', cborUint(version)] as const]),
    ['entries', cborArray(items)],
    ['untrusted_root', cborBytes(untrustedRoot)],
  ])
}

/** Reads a proof. `MALFORMED` when the bytes are none; whether it proves anything is another call. */
export function decodeProof(
  bytes: Uint8Array,
  options?: DecodeOptions,
): Result<Proof, MkvsError<'MALFORMED'>> {
  return decodeRecord('proof', bytes, proofShape, options)
}

const proofShape = {
  names: ['v', 'entries', 'untrusted_root'],
  encode: encodeProof,
  read: (fields: Fields): Proof => ({
    version: Number(fields.uint('v', MAX_UINT16)),
    untrustedRoot: fields.bytes32('untrusted_root'),
    entries: readEntries(fields),
  }),
}

function readEntries(fields: Fields): ProofEntry[] {
  const list = fields.value('entries')
  if (!Array.isArray(list)) {
    fields.fail('entries is no list')
    return []
  }
  return list.map((item: unknown) => {
    if (item === null) return undefined
    if (item instanceof Uint8Array) return item
    fields.fail('an entry is neither bytes nor null')
    return undefined
  })
}
