import { isTidemarkError, type CheckpointError } from './error.ts'

/**
 * What one of our streams threw, as the errors it is documented to throw. Anything else is a bug,
 * of ours or of a callback, and is thrown on.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the stream
export function thrownError<E extends CheckpointError>(thrown: unknown): E {
  if (isOurs<E>(thrown)) return thrown
  throw thrown
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- see above
function isOurs<E extends CheckpointError>(thrown: unknown): thrown is E {
  return isTidemarkError(thrown)
}
