import type { Result } from '@tidemark/core'
import { ContractFailure } from '@tidemark/core/testing'
import { toHex } from '../bytes/bytes.ts'

/** The value of a result that must be `ok`. */
export async function succeeds<T>(
  result: Promise<Result<T, Error>> | Result<T, Error>,
  what: string,
): Promise<T> {
  const settled = await result
  if (settled.ok) return settled.value
  throw new ContractFailure(`${what} failed: ${settled.error.message}`, { cause: settled.error })
}

/** Fails unless a result failed with this code. */
export async function failsWith(
  result: Promise<Result<unknown, { readonly code: string }>>,
  code: string,
  what: string,
): Promise<void> {
  const settled = await result
  const actual = settled.ok ? 'ok' : settled.error.code
  if (actual !== code) throw new ContractFailure(`${what}: expected ${code}, got ${actual}`)
}

/** Fails unless two texts, numbers or byte strings are the same. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [shown(actual), shown(expected)]
  if (a !== b) throw new ContractFailure(`${what}: expected ${b}, got ${a}`)
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes ${toHex(value)}`
  return Array.isArray(value) ? value.map(shown).join(', ') : String(value)
}
