import { coreError, quote, type CoreError } from '@tidemark/core'

/** What an error is about: a checkpoint, or one entry of it. */
export interface Where {
  readonly identifier: string
  readonly key?: string
}

/** The bytes are not what was written, as far as a layer without a key can say. */
export function damaged(
  layer: string,
  where: Where,
  reason: string,
  cause?: unknown,
): CoreError<'CORRUPTED'> {
  const message = `${describe(where)} is damaged: ${reason}`
  return coreError('CORRUPTED', message, { ...detailsOf(where), reason, layer }, cause)
}

/** A key says that the bytes were not written by who holds it. */
export function forged(
  layer: string,
  where: Where,
  reason: string,
): CoreError<'AUTHENTICATION_FAILED'> {
  const message = `${describe(where)} was not written by who holds the key (${layer}): ${reason}`
  return coreError('AUTHENTICATION_FAILED', message, { ...detailsOf(where), reason, layer })
}

/** More than a stated bound. */
export function tooMuch(limit: string, maximum: number, where: Where): CoreError<'LIMIT_EXCEEDED'> {
  const message = `${describe(where)} exceeds ${limit} (${maximum})`
  return coreError('LIMIT_EXCEEDED', message, { limit, maximum })
}

function describe({ identifier, key }: Where): string {
  const checkpoint = `checkpoint ${quote(identifier)}`
  return key === undefined ? checkpoint : `entry ${quote(key)} of ${checkpoint}`
}

function detailsOf({ identifier, key }: Where): {
  what: 'checkpoint' | 'entry'
  identifier: string
  entry?: string
} {
  if (key === undefined) return { what: 'checkpoint', identifier }
  return { what: 'entry', identifier, entry: key }
}
