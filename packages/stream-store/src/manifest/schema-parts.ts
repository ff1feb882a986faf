import * as z from 'zod/mini'
import { MAX_I64, MAX_U64, MIN_I64 } from './manifest.ts'

/** A string that UTF-8 can hold. */
export const text: z.ZodMiniType<string> = z
  .string()
  .check(z.refine((found) => found.isWellFormed(), { error: 'a string holds half a character' }))

/** An unsigned integer of 64 bits. */
export const u64: z.ZodMiniType<bigint> = z.bigint().check(z.gte(0n), z.lte(MAX_U64))

/** A signed integer of 64 bits. */
export const i64: z.ZodMiniType<bigint> = z.bigint().check(z.gte(MIN_I64), z.lte(MAX_I64))

/** An integer from 0 that a `number` holds exactly. */
export const safeInteger: z.ZodMiniType<number> = unsigned(53)

/** An unsigned integer of so many bits, at most 53, as a `number`. */
export function unsigned(bits: number): z.ZodMiniType<number> {
  const inRange = z.bigint().check(z.gte(0n), z.lte(2n ** BigInt(bits) - 1n))
  return z.pipe(inRange, z.transform(Number))
}

/** A value that may be missing, and then is this. */
export function otherwise<T>(value: z.ZodMiniType<T>, absent: () => T): z.ZodMiniType<T> {
  return z.pipe(
    z.optional(value),
    z.transform((found) => found ?? absent()),
  )
}

/** A map that is empty when it is missing. */
export function mapOf<T>(value: z.ZodMiniType<T>): z.ZodMiniType<ReadonlyMap<string, T>> {
  return otherwise(z.map(text, value), () => new Map<string, T>())
}

/** A value that may be `null`, and then is `undefined`; it must be there. */
export function nullable<T>(value: z.ZodMiniType<T>): z.ZodMiniType<T | undefined> {
  return z.pipe(
    z.nullable(value),
    z.transform((found) => found ?? undefined),
  )
}

/** A value that may be `null` or missing, and then is `undefined`. */
export function optional<T>(value: z.ZodMiniType<T>): z.ZodMiniType<T | undefined> {
  return z.pipe(
    otherwise<T | null>(z.nullable(value), () => null),
    z.transform((found) => found ?? undefined),
  )
}

/** The known fields of a JSON object; others are passed over, as the original does. */
export function fieldsOf<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodMiniType<z.output<z.ZodMiniObject<Shape>>> {
  const names = Object.keys(shape)
  const pick = (fields: Map<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      names.filter((name) => fields.has(name)).map((name) => [name, fields.get(name)]),
    )
  const known = z.pipe(z.map(z.string(), z.unknown()), z.transform(pick))
  return z.pipe(known, z.object(shape))
}
