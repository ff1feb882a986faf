import { coreError, type BlobBody, type CoreError } from '@tidemark/core'

/** The beginning of a body, and the rest of it. */
export interface Gathered {
  readonly parts: Uint8Array[]
  /** Whether this is all of it. */
  readonly isWhole: boolean
}

/** Cuts a body into parts of one size, the last one shorter; an empty body has none. */
export async function* cutInParts(
  body: BlobBody,
  partSizeBytes: number,
): AsyncGenerator<Uint8Array, void> {
  if (body instanceof Uint8Array) {
    for (let at = 0; at < body.length; at += partSizeBytes) {
      yield body.subarray(at, at + partSizeBytes)
    }
    return
  }
  let part = new Uint8Array(partSizeBytes)
  let filled = 0
  for await (const piece of body) {
    if (!(piece instanceof Uint8Array)) throw new TypeError('a body yields Uint8Array pieces')
    for (let rest = piece; rest.length > 0;) {
      const taken = rest.subarray(0, partSizeBytes - filled)
      part.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (filled < partSizeBytes) continue
      yield part
      part = new Uint8Array(partSizeBytes)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}

/** Takes parts until they are more than `limitBytes`, or all. */
export async function gather(
  parts: AsyncIterator<Uint8Array, void>,
  limitBytes: number,
  already: readonly Uint8Array[] = [],
): Promise<Gathered> {
  const taken = [...already]
  let sizeBytes = taken.reduce((sum, part) => sum + part.length, 0)
  while (sizeBytes <= limitBytes) {
    const next = await parts.next()
    if (next.done === true) return { parts: taken, isWhole: true }
    taken.push(next.value)
    sizeBytes += next.value.length
  }
  return { parts: taken, isWhole: false }
}

/** Parts as one array: the part itself when there is only one. */
export function joinParts(parts: readonly Uint8Array[]): Uint8Array {
  const [only, ...others] = parts
  if (only !== undefined && others.length === 0) return only
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** The error for a body whose source failed while it was read. */
export function bodyError(key: string, cause: unknown): CoreError<'INVALID_ARGUMENT'> {
  const details = { argument: 'body', reason: 'its source failed' }
  const message = `the body of ${key} could not be read to its end`
  return coreError('INVALID_ARGUMENT', message, details, cause)
}
