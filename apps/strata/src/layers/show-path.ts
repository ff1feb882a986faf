/**
 * A path, kept as one character per byte, for people and JSON. A plain one is shown as it is; one
 * with quotes, backslashes, control characters or bytes that are not UTF-8 is shown in double
 * quotes with C escapes, the way git shows it: two paths never look alike, and none can forge a
 * line of the report.
 */
export function showPath(path: string): string {
  const bytes = Uint8Array.from(path, (character) => character.charCodeAt(0))
  const text = decode(bytes)
  if (text === undefined) return `"${Array.from(bytes, showByte).join('')}"`
  return UNSAFE.test(text) ? `"${Array.from(text, showCharacter).join('')}"` : text
}

/** Quotes, backslashes, controls, and what has no shape but changes how its neighbours look. */
const UNSAFE = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

function decode(bytes: Uint8Array): string | undefined {
  try {
    // A byte order mark is part of the name.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function showCharacter(character: string): string {
  if (!UNSAFE.test(character)) return character
  return Array.from(new TextEncoder().encode(character), showByte).join('')
}

function showByte(byte: number): string {
  const character = String.fromCharCode(byte)
  const short = SHORT_ESCAPES.get(character)
  if (short !== undefined) return short
  const isPlain = byte >= 0x20 && byte < 0x7f
  return isPlain ? character : `\\${byte.toString(8).padStart(3, '0')}`
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
