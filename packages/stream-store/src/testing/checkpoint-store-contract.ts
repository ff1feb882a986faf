import { recoveryCases } from './cases/recovery-cases.ts'
import { retentionCases } from './cases/retention-cases.ts'
import { saveCases } from './cases/save-cases.ts'
import { stateCases } from './cases/state-cases.ts'
import type { CheckpointStoreSubject, SubjectNeed } from './subject.ts'

/** One promise of a checkpoint store, as data: hand it to the test runner you have. */
export interface CheckpointStoreCase {
  /** What holds, as a sentence. */
  readonly name: string
  /** What the subject had to offer for the case to be here. */
  readonly needs: readonly SubjectNeed[]
  /** Opens a store of its own, and rejects with an `Error` that says what did not hold. */
  readonly run: () => Promise<void>
}

/**
 * What every {@link CheckpointStore} promises, one case for each promise. Cases that need a hook
 * which the subject lacks are left out.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openStreamStore } from '@tidemark/stream-store'
 * import { checkpointStoreContract } from '@tidemark/stream-store/testing'
 *
 * const cases = checkpointStoreContract({
 *   open: async ({ keep = Infinity }) =>
 *     unwrap(await openStreamStore({ store: new MemoryBlobStore(), keep, orphanMinAgeMs: 0 })),
 * })
 * for (const { run } of cases) await run()
 */
export function checkpointStoreContract(subject: CheckpointStoreSubject): CheckpointStoreCase[] {
  const missing = (): never => {
    throw new TypeError('a case used a hook that it does not name in its needs')
  }
  const complete: Required<CheckpointStoreSubject> = {
    close: async () => undefined,
    reopen: missing,
    damageManifest: missing,
    damageState: missing,
    updates: false,
    sweeps: false,
    ...subject,
  }
  const offers = (need: SubjectNeed): boolean =>
    subject[need] !== undefined && subject[need] !== false
  return [...saveCases, ...stateCases, ...recoveryCases, ...retentionCases]
    .filter(({ needs = [] }) => needs.every(offers))
    .map(({ name, needs = [], options = {}, run }) => ({
      name,
      needs,
      run: async () => {
        const store = await complete.open(options)
        try {
          await run(store, complete)
        } finally {
          await complete.close(store)
        }
      },
    }))
}
