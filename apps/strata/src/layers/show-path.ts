/**
 * A path, kept as one character per byte, for people and JSON. A plain one is shown as it is; one
 * with quotes, backslashes, control characters or bytes that are not UTF-8 is shown in double
 * quotes with C escapes, the way git shows it: two paths never look alike, and none can forge a
 * line of the report.
 */
export function showPath(path: string): string {
  const text = decode(path)
  if (text === undefined) return quoted(path, /[^\u0020-\u007e]|["\\]/gu)
  return UNSAFE.test(text) ? quoted(text, new RegExp(UNSAFE, 'gu')) : text
}

/** Quotes, backslashes, controls, and what has no shape but changes how its neighbours look. */
const UNSAFE = /["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u

function decode(path: string): string | undefined {
  const bytes = Uint8Array.from(path, (character) => character.charCodeAt(0))
  try {
    // A byte order mark is part of the name.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function quoted(text: string, unsafe: RegExp): string {
  return `"${text.replace(unsafe, escape)}"`
}

function escape(character: string): string {
  const short = SHORT_ESCAPES.get(character)
  if (short !== undefined) return short
  const code = character.charCodeAt(0)
  const bytes = code < 0x100 ? [code] : new TextEncoder().encode(character)
  return Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

const SHORT_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])
