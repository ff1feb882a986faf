import { isTidemarkError, type Result } from '@tidemark/core'

/** Fails a case of the contract. */
export function fail(message: string): never {
  throw new Error(message)
}

/** Both are the same by value: JSON, bytes and `undefined`. */
export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [show(actual), show(expected)]
  if (is !== should) fail(`${what}: ${is}, not ${should}`)
}

export function expectTrue(holds: boolean, what: string): void {
  if (!holds) fail(`${what}: it is not so`)
}

/** The result failed with this code; gives its details as JSON. */
export function expectCode(result: Result<unknown, unknown>, code: string, what: string): unknown {
  if (result.ok) return fail(`${what}: it succeeded, instead of ${code}`)
  const { error } = result
  if (!isTidemarkError(error)) return fail(`${what}: ${String(error)}, not ${code}`)
  if (error.code !== code) fail(`${what}: ${error.code} (${error.message}), not ${code}`)
  return error.details
}

/** The call threw an error with this code. */
export async function expectThrown(
  call: () => Promise<unknown>,
  code: string,
  what: string,
): Promise<void> {
  let thrown: unknown
  try {
    await call()
  } catch (error) {
    thrown = error
  }
  if (!isTidemarkError(thrown, code)) fail(`${what}: ${String(thrown)}, not ${code}`)
}

function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      part instanceof Uint8Array ? `bytes ${[...part].join(' ')}` : part,
    ) ?? 'undefined'
  )
}
