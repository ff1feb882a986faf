import { encodeName } from '@tidemark/core'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The name behind core's `encodeName`; `undefined` where only a digest of it is left. */
export function decodeName(encoded: string): string | undefined {
  if (!encoded.startsWith('n-')) return undefined
  const bytes: number[] = []
  for (const [part] of encoded.slice(2).matchAll(/_[0-9a-f]{2}|[a-z0-9-]/g)) {
    bytes.push(part.startsWith('_') ? Number.parseInt(part.slice(1), 16) : part.charCodeAt(0))
  }
  try {
    const name = strictUtf8.decode(Uint8Array.from(bytes))
    return encodeName(name) === encoded ? name : undefined
  } catch {
    return undefined
  }
}
