/**
 * The outcome of a call that can fail in an expected way.
 *
 * A plain object, so it crosses workers and prints well. Test `ok` and the compiler knows the rest.
 *
 * @example
 * import { err, ok, type Result } from '@tidemark/core'
 *
 * function half(n: number): Result<number, 'odd'> {
 *   return n % 2 === 0 ? ok(n / 2) : err('odd')
 * }
 * const result = half(4)
 * result.ok ? result.value : result.error // => 2
 */
export type Result<T, E> = Ok<T> | Err<E>

/** The successful half of a {@link Result}. */
export interface Ok<T> {
  readonly ok: true
  readonly value: T
}

/** The failed half of a {@link Result}. */
export interface Err<E> {
  readonly ok: false
  readonly error: E
}

/** What every call that may do I/O returns. The promise never rejects for a reason listed in `E`. */
export type AsyncResult<T, E> = Promise<Result<T, E>>

/** The value type of a result. */
export type ValueOf<R> = R extends Ok<infer T> ? T : never

/** The error type of a result. */
export type FailureOf<R> = R extends Err<infer E> ? E : never

/** Makes a successful result; `ok()` holds `undefined`. */
export function ok(): Ok<void>
export function ok<T>(value: T): Ok<T>
export function ok<T>(value?: T): Ok<T | undefined> {
  return { ok: true, value }
}

/** Makes a failed result. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error }
}

/**
 * Gives the value of a result, or throws its error object unchanged.
 *
 * For scripts and tests, where a failure should end the program with its own message.
 *
 * @example
 * import { ok, unwrap } from '@tidemark/core'
 *
 * unwrap(ok(1)) // => 1
 * await unwrap(Promise.resolve(ok(2))) // => 2
 */
export function unwrap<T, E>(result: Result<T, E>): T
export function unwrap<T, E>(result: Promise<Result<T, E>>): Promise<T>
export function unwrap<T, E>(result: Result<T, E> | Promise<Result<T, E>>): T | Promise<T> {
  if (result instanceof Promise) return result.then((settled) => unwrap(settled))
  if (result.ok) return result.value
  // oxlint-disable-next-line typescript/only-throw-error -- `E` is whatever the caller's errors are
  throw result.error
}

/** Gives the value of a result, or `fallback` when it failed. */
export function unwrapOr<T, E, F>(result: Result<T, E>, fallback: F): T | F
export function unwrapOr<T, E, F>(result: Promise<Result<T, E>>, fallback: F): Promise<T | F>
export function unwrapOr<T, E, F>(
  result: Result<T, E> | Promise<Result<T, E>>,
  fallback: F,
): T | F | Promise<T | F> {
  if (result instanceof Promise) return result.then((settled) => unwrapOr(settled, fallback))
  return result.ok ? result.value : fallback
}

/**
 * Runs `fn` and turns what it throws (or rejects with) into a failed result.
 *
 * @example
 * import { attempt } from '@tidemark/core'
 *
 * attempt(() => JSON.parse('{'), () => 'not json') // => { ok: false, error: 'not json' }
 */
export function attempt<T, E>(
  fn: () => Promise<T>,
  toError: (thrown: unknown) => E,
): AsyncResult<T, E>
export function attempt<T, E>(fn: () => T, toError: (thrown: unknown) => E): Result<T, E>
export function attempt<T, E>(
  fn: () => T | Promise<T>,
  toError: (thrown: unknown) => E,
): Result<T, E> | AsyncResult<T, E> {
  try {
    const value = fn()
    if (!(value instanceof Promise)) return ok(value)
    return value.then(
      (settled) => ok(settled),
      (thrown: unknown) => err(toError(thrown)),
    )
  } catch (thrown) {
    return err(toError(thrown))
  }
}

/** Turns a list of results into a result of the list: all values in order, or the first error. */
export function collect<T, E>(results: Iterable<Result<T, E>>): Result<T[], E> {
  const values: T[] = []
  for (const result of results) {
    if (!result.ok) return result
    values.push(result.value)
  }
  return ok(values)
}
