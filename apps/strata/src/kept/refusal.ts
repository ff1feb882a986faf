import { addDetails, type CheckpointError, type WithDetails } from '@tidemark/core'

/**
 * Who refused what is kept: one of the layers that it passes through, the `stack` when the layers
 * themselves were exchanged, or the `storage` below, which sees damage that took no care.
 */
export type Refuser = 'compress' | 'encrypt' | 'checksum' | 'hmac' | 'stack' | 'storage'

/** What a refusal says beside what its error says. */
export interface Refusal {
  readonly refusedBy: Refuser
  /** What to do about it. */
  readonly remedy: string
}

/** The layers as they are recorded, and as the code calls them: from the value to the medium. */
export const LAYERS: ReadonlyMap<string | undefined, Refuser> = new Map<
  string | undefined,
  Refuser
>([
  ['gzip', 'compress'],
  ['aes-256-gcm', 'encrypt'],
  ['sha-256', 'checksum'],
  ['hmac-sha-256', 'hmac'],
])

/** Who answers for an error that names no layer. */
const OTHERS: ReadonlyMap<string, Refuser> = new Map([
  ['STACK_MISMATCH', 'stack'],
  // The seal says which commit it is of.
  ['ROLLBACK_DETECTED', 'hmac'],
  // Nothing else grows on its way back.
  ['LIMIT_EXCEEDED', 'compress'],
  ['CORRUPTED', 'storage'],
  ['UNSUPPORTED_VERSION', 'storage'],
  ['SCHEMA_MISMATCH', 'storage'],
  ['DECODE_FAILED', 'storage'],
])

/** Who refused; `undefined` when nobody did: the medium did not answer, say. */
export function refuserOf({ code, details }: CheckpointError): Refuser | undefined {
  return LAYERS.get(field(details, 'layer')) ?? OTHERS.get(code)
}

/** The same error; if it is a refusal, with who refused and what to do. */
export function asRefusal<E extends CheckpointError>(
  error: E,
  remedy: string,
): E | WithDetails<E, Refusal> {
  const refusedBy = refuserOf(error)
  if (refusedBy === undefined) return error
  return addDetails(error, { refusedBy, remedy: remedyFor(error.code, remedy) })
}

/** Who refused what is kept, if this is such a failure. */
export function refuserIn({ details }: { readonly details: unknown }): string | undefined {
  return field(details, 'refusedBy')
}

/** What to do about a refusal. */
export function remedyIn({ details }: { readonly details: unknown }): string | undefined {
  return field(details, 'remedy')
}

/** What people are told of any failure. */
export function sentenceOf(failure: CheckpointError): string {
  const [refusedBy, remedy] = [refuserIn(failure), remedyIn(failure)]
  if (refusedBy === undefined || remedy === undefined) return failure.message
  return `refused by ${refusedBy} (${failure.code}): ${failure.message}. ${remedy}`
}

function remedyFor(code: string, remedy: string): string {
  const first =
    code === 'UNKNOWN_KEY'
      ? 'Set STRATA_KEY to the key that it was saved with'
      : 'Find out who changed it'
  return `${first}. ${remedy}`
}

function field(details: unknown, name: string): string | undefined {
  if (typeof details !== 'object' || details === null || !Object.hasOwn(details, name)) {
    return undefined
  }
  const value: unknown = Reflect.get(details, name)
  return typeof value === 'string' ? value : undefined
}
