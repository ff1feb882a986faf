import { hash } from '#hash'
import { concatBytes, fromHex } from '../bytes/bytes.ts'

/** A namespace: 8 bytes of flags (bit 63 test, bit 62 key manager) and a 24-byte identifier. */
export type Namespace = Uint8Array

/** The length of a namespace, in bytes. */
export const NAMESPACE_BYTES = 32

const TEST_FLAG = 0x80
const KEY_MANAGER_FLAG = 0x40

/** Whether bytes are a namespace: 32 of them, and no flag set that has no meaning. */
export function isNamespace(bytes: Uint8Array): boolean {
  if (bytes.length !== NAMESPACE_BYTES) return false
  return bytes.subarray(0, 8).every((byte, i) => (i === 0 ? (byte & 0x3f) === 0 : byte === 0))
}

/**
 * The test namespace of a seed: what the original's tests use.
 *
 * @example
 * import { testNamespace, toHex } from '@tidemark/mkvs-chunks'
 *
 * toHex(testNamespace('oasis mkvs test ns')).slice(0, 20) // => '80000000000000003850'
 */
export function testNamespace(
  seed: string,
  options: { readonly keyManager?: boolean } = {},
): Namespace {
  const flags = new Uint8Array(8)
  flags[0] = TEST_FLAG | (options.keyManager === true ? KEY_MANAGER_FLAG : 0)
  return concatBytes([flags, hash(new TextEncoder().encode(seed)).subarray(0, 24)])
}

/** 32 bytes from 64 hex digits, or from base64 as old documents have them. */
export function parse32(text: string): Uint8Array | undefined {
  if (text.length === 64) return fromHex(text)
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined
  return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
}

/** The namespace that a text stands for, or `undefined`. */
export function parseNamespace(text: string): Namespace | undefined {
  const bytes = parse32(text)
  return bytes !== undefined && isNamespace(bytes) ? bytes : undefined
}
