import { isTidemarkError, type CheckpointError } from '../result/error.ts'
import type { Result } from '../result/result.ts'
import { toHex } from '../digest/hex.ts'

/** What a contract case rejects with when a promise does not hold. */
export class ContractFailure extends Error {
  override readonly name = 'ContractFailure'
}

/** Longer values are cut in messages. */
const MAX_SHOWN = 300

/** Fails with `message` unless the condition holds. */
export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ContractFailure(message)
}

/** Fails unless two values (of JSON, bytes and `undefined`) are the same, all the way down. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(actual), show(expected)]
  if (a !== b) throw new ContractFailure(`${what}: expected ${cut(b)}, got ${cut(a)}`)
}

/** The value of a result that must be `ok`. */
export async function succeeds<T>(
  result: Promise<Result<T, unknown>> | Result<T, unknown>,
  what: string,
): Promise<T> {
  const settled = await result
  if (settled.ok) return settled.value
  throw new ContractFailure(`${what} failed: ${describe(settled.error)}`, { cause: settled.error })
}

/** The error of a result that must have failed with one of the codes. */
export async function fails<E>(
  result: Promise<Result<unknown, E>> | Result<unknown, E>,
  codes: string | readonly string[],
  what: string,
): Promise<CheckpointError> {
  const settled = await result
  if (settled.ok) throw new ContractFailure(`${what}: expected ${String(codes)}, got ok`)
  return expectCode(settled.error, codes, what)
}

/** One of the details of an error. */
export function detail(error: CheckpointError, name: string): unknown {
  return Reflect.get(Object(error.details), name)
}

/** What an iteration yields, to its end. */
export async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The error that an iteration must throw. */
export async function drainFails(
  items: AsyncIterable<unknown>,
  codes: string | readonly string[],
  what: string,
): Promise<CheckpointError> {
  try {
    await drain(items)
  } catch (thrown) {
    return expectCode(thrown, codes, what)
  }
  throw new ContractFailure(`${what}: expected ${String(codes)}, got to the end`)
}

function expectCode(
  error: unknown,
  codes: string | readonly string[],
  what: string,
): CheckpointError {
  const expected = typeof codes === 'string' ? [codes] : codes
  if (isTidemarkError(error) && expected.includes(error.code)) return error
  const message = `${what}: expected ${expected.join(' or ')}, got ${describe(error)}`
  throw new ContractFailure(message, { cause: error })
}

function describe(error: unknown): string {
  if (isTidemarkError(error)) return `${error.code} (${error.message})`
  return error instanceof Error ? `${error.name} (${error.message})` : show(error)
}

/** A value as text in which two values are the same only if they are. */
function show(value: unknown): string {
  if (value instanceof Uint8Array) return `bytes(${toHex(value)})`
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}: ${show(field)}`)
    return `{${fields.join(', ')}}`
  }
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}… (${text.length} characters)` : text
}
