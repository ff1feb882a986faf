import { coreError, type CoreError } from '@tidemark/core'
import type { StepOptions } from './run-context.ts'

type Refusal = CoreError<'INVALID_ARGUMENT'>

/** The error for options of a step that make no sense, or `undefined`. */
export function stepOptionError(
  options: Pick<StepOptions<never>, 'version' | 'timeoutMs' | 'retry'>,
): Refusal | undefined {
  const { version = 1, timeoutMs = 1, retry } = options
  const { maxAttempts = 1, initialMs = 0, factor = 1, maxMs = 0, jitter = 0 } = retry ?? {}
  return (
    unless(isCount(version), 'version', 'it is a whole number from 1') ??
    unless(timeoutMs > 0, 'timeoutMs', 'it is a number of ms above 0') ??
    unless(isCount(maxAttempts), 'maxAttempts', 'it is a whole number from 1') ??
    unless(initialMs >= 0, 'initialMs', 'it is a number of ms from 0') ??
    unless(factor >= 1, 'factor', 'it is a number from 1') ??
    unless(maxMs >= 0, 'maxMs', 'it is a number of ms from 0') ??
    unless(jitter >= 0 && jitter <= 1, 'jitter', 'it is a number from 0 to 1')
  )
}

function isCount(value: number): boolean {
  return value === Infinity || (Number.isSafeInteger(value) && value >= 1)
}

function unless(isFit: boolean, argument: string, reason: string): Refusal | undefined {
  if (isFit) return undefined
  return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
}
