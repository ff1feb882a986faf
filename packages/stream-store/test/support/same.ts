import { expect } from 'vitest'

/** What an example says beside a value: bytes are written as lists of numbers. */
export function same(actual: unknown, expected: unknown): void {
  expect(actual instanceof Uint8Array ? [...actual] : actual).toEqual(expected)
}
