import { describe, it } from 'vitest'
import {
  logPersistenceContract,
  type LogPersistenceSubject,
  type StoreNeed,
} from '../src/testing/index.ts'

/** Runs the contract on a subject; cases that need more than it offers are named and skipped. */
export function describeContract(
  name: string,
  subject: LogPersistenceSubject,
  offers: readonly StoreNeed[],
  only: RegExp = /./,
): void {
  describe(`the contract on ${name}`, () => {
    for (const { name: promise, needs, run } of logPersistenceContract(subject)) {
      if (!only.test(promise)) continue
      const lacks = needs.filter((need) => !offers.includes(need))
      if (lacks.length === 0) it(promise, run)
      else it.skip(`${promise} (${name} has no ${lacks.join(', ')})`)
    }
  })
}
