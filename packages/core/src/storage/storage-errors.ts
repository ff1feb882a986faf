import { coreError, type CoreError } from '../result/core-errors.ts'
import type { LayerName } from './byte-storage.ts'
import type { CheckpointDamage } from './storage.ts'
import { addDetails, quote, type CheckpointError, type WithDetails } from '../result/error.ts'

/** An error with the identifier it is about. */
export function named<E extends CheckpointError>(
  identifier: string,
  error: E,
): WithDetails<E, { readonly identifier: string }> {
  return addDetails(error, { identifier })
}

/** There is no such checkpoint, or no such generation of it. */
export function notFound(
  identifier: string,
  generation?: number,
): CoreError<'CHECKPOINT_NOT_FOUND'> {
  const which = generation === undefined ? '' : `generation ${generation} of `
  const message = `there is no ${which}checkpoint ${quote(identifier)}`
  const reason = generation === undefined ? {} : { reason: 'generation' as const }
  return coreError('CHECKPOINT_NOT_FOUND', message, { identifier, ...reason })
}

/** The identifier is taken. */
export function alreadyExists(
  identifier: string,
  reason: 'committed' | 'draft',
): CoreError<'CHECKPOINT_ALREADY_EXISTS'> {
  const remedy =
    reason === 'committed'
      ? "load it, or pass ifExists: 'replace'"
      : 'wait for its draft to be committed or aborted'
  const message = `checkpoint ${quote(identifier)} exists as ${reason}; ${remedy}`
  return coreError('CHECKPOINT_ALREADY_EXISTS', message, { identifier, reason })
}

/** The generation is not the one that the caller expects. */
export function unexpected(
  identifier: string,
  expected: number | 'absent',
  actual: number | 'absent',
): CoreError<'CONFLICT'> {
  const message = `checkpoint ${quote(identifier)} is at ${actual}, not ${expected}; load it again`
  return coreError('CONFLICT', message, { identifier, expected, actual, reason: 'generation' })
}

/** An older state than the caller knows of. */
export function rolledBack(
  identifier: string,
  found: number,
  expected: number,
): CoreError<'ROLLBACK_DETECTED'> {
  const message = `checkpoint ${quote(identifier)} is at ${found}, but was at ${expected} already`
  return coreError('ROLLBACK_DETECTED', message, { identifier, found, expected })
}

/** Written through another stack of layers. */
export function stackMismatch(
  expected: readonly LayerName[],
  found: readonly LayerName[],
): CoreError<'STACK_MISMATCH'> {
  const [asked, there] = [expected.map(nameOfLayer), found.map(nameOfLayer)]
  const show = (names: readonly string[]): string => names.map(quote).join(', ') || 'no layers'
  const message = `this was written through ${show(there)}, and opened through ${show(asked)}`
  return coreError('STACK_MISMATCH', message, { expected: asked, found: there })
}

function nameOfLayer({ id, version }: LayerName): string {
  return `${id}/${version}`
}

/** A storage of somebody's own that knows nothing of layers. */
export function cannotBeLayered(): CoreError<'UNSUPPORTED'> {
  const message = 'this storage takes no layers; a ByteStorage that does has the method `stacked`'
  return coreError('UNSUPPORTED', message, { feature: 'layers' })
}

const DAMAGE: readonly string[] = [
  'CORRUPTED',
  'AUTHENTICATION_FAILED',
  'UNKNOWN_KEY',
  'STACK_MISMATCH',
  'UNSUPPORTED_VERSION',
] satisfies CheckpointDamage['code'][]

/** Whether an error says that this checkpoint cannot be used, and nothing of others. */
export function isCheckpointDamage(error: CheckpointError): error is CheckpointDamage {
  return DAMAGE.includes(error.code)
}

/** Others were faster too often. */
export function tooManyRaces(identifier: string, races: number): CoreError<'CONFLICT'> {
  const message = `others changed ${quote(identifier)} ${races} times meanwhile; try again`
  return coreError('CONFLICT', message, { identifier, reason: 'changed' })
}
