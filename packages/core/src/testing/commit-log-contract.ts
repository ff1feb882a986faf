import type { BlobStore } from '../blob/blob-store.ts'
import { appendCases } from './commit-log/append-cases.ts'
import { costCases } from './commit-log/cost-cases.ts'
import {
  openPlainLog,
  PREFIX,
  type CommitLogCase,
  type CommitLogSubject,
} from './commit-log/commit-log-case.ts'
import { damageCases } from './commit-log/damage-cases.ts'
import { hintCases } from './commit-log/hint-cases.ts'
import { lostAnswerCases } from './commit-log/lost-answer-cases.ts'
import { truncateCases } from './commit-log/truncate-cases.ts'
import type { ContractCase } from './contract.ts'

/**
 * What a commit log promises on any medium, one case for each promise. Racing writers, truncators
 * and late writes in every order are a matter of schedules: see `FaultyBlobStore`.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { commitLogContract } from '@tidemark/core/testing'
 *
 * const cases = commitLogContract({ open: () => new MemoryBlobStore(), manyRecords: 2000 })
 * for (const { run } of cases) await run()
 */
export function commitLogContract(subject: CommitLogSubject): ContractCase<BlobStore>[] {
  const cases: readonly CommitLogCase[] = [
    ...appendCases,
    ...hintCases,
    ...damageCases,
    ...truncateCases,
    ...lostAnswerCases,
    ...costCases,
  ]
  const { openLog = openPlainLog, manyRecords = 10_000 } = subject
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => {
      const store = await subject.open()
      const handle = (on = store, prefix = PREFIX) => openLog(on, prefix)
      try {
        await run({ store, handle, manyRecords })
      } finally {
        await store.close()
      }
    },
  }))
}
