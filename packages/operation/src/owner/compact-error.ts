import { coreError, type CoreError } from '@tidemark/core'
import { MAX_LABEL_BYTES, textError } from '../log/operation-key.ts'
import type { CompactOptions } from '../operation.ts'

/** A floor of the log names so many records; core's bound, less the owner and some room. */
const MAX_KEPT = 65_000

/** The error for options of `compact` that make no sense, or `undefined`. */
export function compactError(options: CompactOptions): CoreError<'INVALID_ARGUMENT'> | undefined {
  const { label, keepLabels = [], keepLast = 1, maxAgeMs = 0 } = options
  for (const text of label === undefined ? keepLabels : [label, ...keepLabels]) {
    const refused = textError('label', text, MAX_LABEL_BYTES)
    if (refused !== undefined) return refused
  }
  if (!Number.isSafeInteger(keepLast) || keepLast < 0 || keepLast > MAX_KEPT) {
    return outOfRange('keepLast', `it is a whole number from 0 to ${MAX_KEPT}`)
  }
  if (!(maxAgeMs >= 0)) return outOfRange('maxAgeMs', 'it is a number from 0')
  return undefined
}

function outOfRange(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
}
