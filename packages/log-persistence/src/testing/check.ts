import { isTidemarkError, type CheckpointError, type Result } from '@tidemark/core'

/** Rejects with what did not hold. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** Rejects when two values differ as JSON. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(actual), show(expected)]
  check(a === b, `${what}: expected ${b}, got ${a}`)
}

/** The error of a result that must have failed with a code. */
export function failure<E extends CheckpointError>(
  result: Result<unknown, E>,
  code: string,
  what: string,
): E {
  if (result.ok) throw new Error(`${what}: expected ${code}, but it succeeded`)
  const { error } = result
  check(isTidemarkError(error), `${what}: the error is none of ours`)
  if (error.code !== code) {
    throw new Error(`${what}: expected ${code}, got ${error.code}`, { cause: error })
  }
  return error
}

/** Bytes of a text. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The text of bytes, or a word for none. */
export function textOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '(nothing)' : new TextDecoder().decode(bytes)
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function show(value: unknown): string {
  if (value === undefined) return 'undefined'
  const shown = JSON.stringify(value, (_, part: unknown) =>
    part instanceof Uint8Array ? `bytes ${part.join(' ').slice(0, 200)}` : part,
  )
  return shown
}
