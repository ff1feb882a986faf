import { interfaceCases } from './interface-cases.ts'
import { lifeCases } from './life-cases.ts'
import { raceCases } from './race-cases.ts'
import type { LogPersistenceCase, LogPersistenceSubject } from './store-case.ts'
import { updateCases } from './update-cases.ts'

/**
 * What every store of log states promises, one case for each promise. Run it on your own backend;
 * leave out the cases whose `needs` it does not offer, by name, never silently.
 *
 * @example
 * import { memoryPersistence } from '@tidemark/log-persistence'
 * import { logPersistenceContract } from '@tidemark/log-persistence/testing'
 *
 * const place = async () => ({ open: memoryPersistence, remove: async () => {} })
 * for (const { needs, run } of logPersistenceContract({ place })) {
 *   if (needs.length === 0) await run() // `it(name, run)` in a test runner
 * }
 */
export function logPersistenceContract(subject: LogPersistenceSubject): LogPersistenceCase[] {
  const cases = [...interfaceCases, ...updateCases, ...raceCases, ...lifeCases]
  return cases.map(({ name, needs = [], run }) => ({
    name,
    needs,
    run: async () => {
      const place = await subject.place()
      try {
        await run(place)
      } finally {
        await place.remove()
      }
    },
  }))
}
