import { sha256 } from '#digest'
import { fromHex, toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'

/** The longest identifier or key, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 1024

/** The longest file name that `encodeName` makes: safe with what is added on every file system. */
const MAX_ENCODED_LENGTH = 120

/** Most names are their own encoding. */
const PLAIN = /^[a-z0-9-]+$/

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The error for a string that cannot name a checkpoint or an entry, or `undefined`. Anything that
 * is well-formed Unicode of 1 to 1024 bytes can: separators, dots, control characters, emoji.
 */
export function nameError(
  what: 'identifier' | 'key',
  name: string,
): CoreError<'INVALID_IDENTIFIER'> | undefined {
  const reason = fault(name)
  if (reason === undefined) return undefined
  const message = `this ${what} is ${reason}; use 1 to ${MAX_NAME_BYTES} bytes of Unicode`
  return coreError('INVALID_IDENTIFIER', message, { what, reason })
}

function fault(name: string): 'empty' | 'too-long' | 'malformed' | undefined {
  if (name.length === 0) return 'empty'
  if (name.length > MAX_NAME_BYTES) return 'too-long'
  if (!name.isWellFormed()) return 'malformed'
  if (name.length * 3 <= MAX_NAME_BYTES) return undefined
  return utf8.encode(name).length > MAX_NAME_BYTES ? 'too-long' : undefined
}

/**
 * A name as one segment of a blob key. `a-z 0-9 -` stay, every other byte becomes `_` and two hex
 * digits, with `n-` in front; past 120 characters it is `h-` and the SHA-256 instead. Lower case
 * only: two names never meet on a volume that folds case or normalizes Unicode.
 *
 * @example
 * import { encodeName } from '@tidemark/core'
 *
 * encodeName('../etc/passwd') // => 'n-_2e_2e_2fetc_2fpasswd'
 */
export function encodeName(name: string): string {
  if (PLAIN.test(name) && name.length <= MAX_ENCODED_LENGTH - 2) return `n-${name}`
  const bytes = utf8.encode(name)
  let encoded = 'n-'
  for (const byte of bytes) {
    encoded += isPlain(byte) ? String.fromCharCode(byte) : `_${byte.toString(16).padStart(2, '0')}`
  }
  return encoded.length <= MAX_ENCODED_LENGTH ? encoded : `h-${toHex(sha256(bytes))}`
}

/** The name behind `n-…`; `undefined` for a digest or anything that `encodeName` does not make. */
export function decodeName(encoded: string): string | undefined {
  if (!encoded.startsWith('n-')) return undefined
  const rest = encoded.slice(2)
  if (PLAIN.test(rest)) return encodeName(rest) === encoded ? rest : undefined
  const hex = rest.replace(/_[0-9a-f]{2}|[a-z0-9-]/g, (part) =>
    part.startsWith('_') ? part.slice(1) : part.charCodeAt(0).toString(16),
  )
  const bytes = fromHex(hex)
  if (bytes === undefined) return undefined
  try {
    const name = strictUtf8.decode(bytes)
    return encodeName(name) === encoded ? name : undefined
  } catch {
    return undefined
  }
}

/** Order of UTF-8 bytes, which differs from the order of JavaScript past the surrogates. */
export function compareNames(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)]
    if (x !== y) return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1
  }
  return a.length - b.length
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

function isPlain(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d
}
