import { concat, encodeJson, fromHex, sha256, unwrap, type JsonObject } from '@tidemark/core'
import type { SealedEntry, SealedFacts } from '../layer.ts'

/** What version 1 of the message had: no place, no layers, no times, no salts. */
export type FirstFacts = Pick<
  SealedFacts,
  'identifier' | 'generation' | 'previous' | 'metadata'
> & { readonly entries: readonly Omit<SealedEntry, 'salt'>[] }

const utf8 = new TextEncoder()
const NOTHING = new Uint8Array()

/**
 * What a seal is a tag of: fields, each with its length (u32 big-endian) in front, so that no two
 * checkpoints give the same bytes. `docs/formats/layers.md` lists them.
 */
export function sealedMessage(facts: SealedFacts, namespace: string, keyId: string): Uint8Array {
  const { place, layers, committedAtMs, born, entries } = facts
  const names = layers.map(({ id, version }) => ({ id, version }))
  return fields([
    utf8.encode('ckpt-manifest-v2'),
    ...whole(facts, namespace, keyId),
    utf8.encode(place),
    unwrap(encodeJson(names)),
    u64(committedAtMs),
    u64(born),
    u32(entries.length),
    ...entries.flatMap((entry) => [...entryFields(entry), entry.salt]),
  ])
}

/** The message as it began, kept for its published known answer. */
export function firstSealedMessage(
  facts: FirstFacts,
  namespace: string,
  keyId: string,
): Uint8Array {
  return fields([
    utf8.encode('ckpt-manifest-v1'),
    ...whole(facts, namespace, keyId),
    u32(facts.entries.length),
    ...facts.entries.flatMap(entryFields),
  ])
}

function whole(facts: FirstFacts, namespace: string, keyId: string): Uint8Array[] {
  const { identifier, generation, previous, metadata } = facts
  return [
    utf8.encode(namespace),
    utf8.encode(identifier),
    u64(generation),
    (previous === undefined ? undefined : fromHex(previous)) ?? NOTHING,
    sha256(metadataBytes(metadata)),
    utf8.encode(keyId),
  ]
}

function entryFields({ key, codec, sizeBytes, digests }: Omit<SealedEntry, 'salt'>): Uint8Array[] {
  return [utf8.encode(key), utf8.encode(codec), u64(sizeBytes), digests]
}

function metadataBytes(metadata: JsonObject): Uint8Array {
  return unwrap(encodeJson(metadata))
}

function fields(values: readonly Uint8Array[]): Uint8Array {
  return concat(values.flatMap((value) => [u32(value.length), value]))
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value))
  return bytes
}
