/**
 * What a caller does about an error, whatever its code.
 *
 * | kind | do |
 * |---|---|
 * | `not-found` | treat it as absent |
 * | `conflict` | look again, then decide |
 * | `invalid` | correct the call |
 * | `corrupt` | restore or go back; never retry |
 * | `unavailable` | wait and repeat the same call |
 * | `unknown` | read back before you act |
 * | `closed` | stop; this handle is done |
 * | `aborted` | you asked for it |
 * | `internal` | a bug of ours: report it |
 */
export type Kind =
  | 'not-found'
  | 'conflict'
  | 'invalid'
  | 'corrupt'
  | 'unavailable'
  | 'unknown'
  | 'closed'
  | 'aborted'
  | 'internal'

/**
 * The error of every Tidemark package: an `Error` with a stable `code` and typed `details`.
 *
 * Codes keep their meaning within a major version; messages may change. A message never holds a
 * stored value or a secret.
 */
export interface CheckpointError<Code extends string = string, Details = unknown> extends Error {
  /** What went wrong, stable within a major version. `switch` on it to narrow `details`. */
  readonly code: Code
  /** What to do about it. */
  readonly kind: Kind
  /** Whether the same call, unchanged, may succeed later. */
  readonly retryable: boolean
  /** What the code's documentation promises: JSON values only. */
  readonly details: Details
  /** A form that crosses workers and HTTP; `errorFromJson` reads it back. */
  toJSON(): ErrorJson
}

/** The JSON form of a {@link CheckpointError}. */
export interface ErrorJson {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly kind?: Kind
  readonly details?: unknown
  readonly cause?: ErrorJson
}

/** The errors of the given codes in an interface from code to details. */
export type ErrorOf<Errors, Codes extends keyof Errors & string = keyof Errors & string> = {
  [Code in Codes]: CheckpointError<Code, Errors[Code]>
}[Codes]

/** The same errors, each with more details. */
export type WithDetails<E, More> =
  E extends CheckpointError<infer Code, infer Details>
    ? CheckpointError<Code, Details & More>
    : never

/** Two copies of this package agree on what is one of our errors by this symbol. */
const BRAND = Symbol.for('tidemark.error.v1')

/** Causes deeper than this are cut when an error is turned into JSON or read from it. */
const MAX_CAUSE_DEPTH = 8

class TidemarkError<Code extends string, Details>
  extends Error
  implements CheckpointError<Code, Details>
{
  readonly code: Code
  readonly kind: Kind
  readonly details: Details

  constructor(code: Code, kind: Kind, message: string, details: Details, cause: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.kind = kind
    this.details = details
    Object.defineProperty(this, BRAND, { value: true })
  }

  get retryable(): boolean {
    return this.kind === 'unavailable'
  }

  toJSON(): ErrorJson {
    return errorToJson(this, 0)
  }
}
Object.defineProperty(TidemarkError.prototype, 'name', { value: 'CheckpointError' })

/** Makes the errors of one package: `make(code, message, details, cause?)`. */
export type ErrorFactory<Errors> = <Code extends keyof Errors & string>(
  code: Code,
  message: string,
  details: Errors[Code],
  cause?: unknown,
) => CheckpointError<Code, Errors[Code]>

/**
 * Declares the errors of a package from its interface of codes and a kind for each.
 *
 * @example
 * import { errorFactory } from '@tidemark/core'
 *
 * interface MyErrors {
 *   TOO_LATE: { byMs: number }
 * }
 * const myError = errorFactory<MyErrors>({ TOO_LATE: 'conflict' })
 * myError('TOO_LATE', 'the train left', { byMs: 40 }).details.byMs // => 40
 */
export function errorFactory<Errors>(kinds: {
  readonly [Code in keyof Errors & string]: Kind
}): ErrorFactory<Errors> {
  return (code, message, details, cause) =>
    new TidemarkError(code, kinds[code], message, details, cause)
}

/** The same error with more details: same code, message, stack of causes. */
export function addDetails<E extends CheckpointError, More extends object>(
  error: E,
  more: More,
): WithDetails<E, More>
export function addDetails(error: CheckpointError, more: object): CheckpointError {
  const details: unknown = Object.assign({}, error.details, more)
  return new TidemarkError(error.code, error.kind, error.message, details, error.cause)
}

/**
 * Whether a value is an error of any Tidemark package (of the given code, if named), also when it
 * was made by another copy of this package.
 */
export function isTidemarkError(value: unknown): value is CheckpointError
export function isTidemarkError<Code extends string>(
  value: unknown,
  code: Code,
): value is CheckpointError<Code>
export function isTidemarkError(value: unknown, code?: string): boolean {
  if (typeof value !== 'object' || value === null || !(BRAND in value)) return false
  return code === undefined || ('code' in value && value.code === code)
}

/** The error of a given code in a union of errors. */
type WithCode<E, Code> = Extract<E, { readonly code: Code }>

/**
 * Calls the handler of the error's code; every code of the union needs one.
 *
 * @example
 * import { errorFactory, match } from '@tidemark/core'
 *
 * const make = errorFactory<{ LATE: { byMs: number } }>({ LATE: 'conflict' })
 * match(make('LATE', 'late', { byMs: 3 }), { LATE: (error) => error.details.byMs }) // => 3
 */
export function match<
  E extends { readonly code: string },
  Handlers extends { readonly [Code in E['code']]: (error: WithCode<E, Code>) => unknown },
>(error: E, handlers: Handlers): ReturnType<Handlers[E['code']]> {
  const handler: unknown = Reflect.get(handlers, error.code)
  if (typeof handler !== 'function') throw new TypeError(`no handler for ${error.code}`)
  // oxlint-disable-next-line typescript/no-unsafe-return -- typed by `Handlers`; `apply` forgets it
  return Reflect.apply(handler, undefined, [error])
}

/**
 * Reads an error back from its JSON form: an error for `isTidemarkError`, with its chain of causes.
 * Gives `undefined` for anything that `toJSON` did not make.
 */
export function errorFromJson(json: unknown): CheckpointError | undefined {
  const read = errorOfJson(json, 0)
  return isTidemarkError(read) ? read : undefined
}

/**
 * Quotes an identifier for a message: control characters are escaped, so that a name cannot forge
 * a line of a log, and a long one is cut.
 */
export function quote(identifier: string): string {
  const shown = identifier.length > 120 ? `${identifier.slice(0, 117)}...` : identifier
  return JSON.stringify(shown).replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function errorToJson(error: unknown, depth: number): ErrorJson {
  if (!(error instanceof Error)) return { name: 'NonError', message: typeof error }
  const own = isTidemarkError(error)
    ? { code: error.code, kind: error.kind, details: error.details }
    : {}
  const nested =
    error.cause === undefined || depth >= MAX_CAUSE_DEPTH
      ? {}
      : { cause: errorToJson(error.cause, depth + 1) }
  return { name: error.name, message: error.message, ...own, ...nested }
}

const KINDS: readonly string[] = [
  'not-found',
  'conflict',
  'invalid',
  'corrupt',
  'unavailable',
  'unknown',
  'closed',
  'aborted',
  'internal',
] satisfies Kind[]

function isKind(value: unknown): value is Kind {
  return typeof value === 'string' && KINDS.includes(value)
}

function errorOfJson(json: unknown, depth: number): Error | undefined {
  if (typeof json !== 'object' || json === null || depth > MAX_CAUSE_DEPTH) return undefined
  const field = (name: string): unknown =>
    Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined
  const [message, code, kind] = [field('message'), field('code'), field('kind')]
  if (typeof message !== 'string') return undefined
  const cause = errorOfJson(field('cause'), depth + 1)
  if (typeof code === 'string' && isKind(kind)) {
    return new TidemarkError(code, kind, message, field('details'), cause)
  }
  return new Error(message, cause === undefined ? undefined : { cause })
}
