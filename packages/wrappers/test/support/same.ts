import { expect } from 'vitest'

/** What an example says beside a value. */
export function same(actual: unknown, expected: unknown): void {
  expect(actual).toEqual(expected)
}
