import { isTidemarkError, type AsyncResult, type CheckpointError } from '@tidemark/core'
import { ContractFailure } from '@tidemark/core/testing'
import { createManifest, type ManifestInput } from '../manifest/create-manifest.ts'
import type { CheckpointManifest } from '../manifest/manifest.ts'

/** The value of a call that must succeed. */
export async function succeeds<T>(call: AsyncResult<T, unknown>, what: string): Promise<T> {
  const result = await call
  if (result.ok) return result.value
  const why = isTidemarkError(result.error) ? `${result.error.code}: ${result.error.message}` : '?'
  throw new ContractFailure(`${what} failed: ${why}`, { cause: result.error })
}

/** The error of a call that must fail with one of the codes. */
export async function fails(
  call: AsyncResult<unknown, CheckpointError>,
  codes: string | readonly string[],
  what: string,
): Promise<CheckpointError> {
  const result = await call
  if (result.ok) throw new ContractFailure(`${what}: expected ${String(codes)}, got ok`)
  if ([codes].flat().includes(result.error.code)) return result.error
  const { code, message } = result.error
  throw new ContractFailure(`${what}: expected ${String(codes)}, got ${code} (${message})`)
}

/** Fails unless two values are the same, all the way down. */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [show(actual), show(expected)]
  if (a !== b) throw new ContractFailure(`${what}: expected ${b}, got ${a}`)
}

/** Fails unless the condition holds. */
export function check(condition: boolean, message: string): void {
  if (!condition) throw new ContractFailure(message)
}

/** A manifest of an id; the epoch is the id unless said otherwise. */
export function manifest(
  id: number | bigint,
  rest: Partial<ManifestInput> = {},
): CheckpointManifest {
  return createManifest({ checkpointId: id, epoch: id, timestampMs: 1_700_000_000_000, ...rest })
}

/** Bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function show(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (value instanceof Uint8Array) return `bytes(${value.length}: ${value.slice(0, 40).join(' ')})`
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]: [unknown, unknown]) => [show(key), show(item)])
    return `Map{${entries
      .map((entry) => entry.join(': '))
      .sort()
      .join(', ')}}`
  }
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`)
    return `{${fields.join(', ')}}`
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
