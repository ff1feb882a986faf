import type { BlobStore } from '../blob/blob-store.ts'
import type { BlobStoreCase, BlobStoreSubject } from './blob-store/blob-store-case.ts'
import { closeCases } from './blob-store/close-cases.ts'
import { keyCases } from './blob-store/key-cases.ts'
import { listCases } from './blob-store/list-cases.ts'
import { putCases } from './blob-store/put-cases.ts'
import { putManyCases } from './blob-store/put-many-cases.ts'
import { raceCases } from './blob-store/race-cases.ts'
import { readCases } from './blob-store/read-cases.ts'
import { streamCases } from './blob-store/stream-cases.ts'
import type { ContractCase } from './contract.ts'

/**
 * What every {@link BlobStore} promises, one case for each promise.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { blobStoreContract } from '@tidemark/core/testing'
 *
 * const cases = blobStoreContract({ open: () => new MemoryBlobStore() })
 * for (const { run } of cases) await run()
 */
export function blobStoreContract(subject: BlobStoreSubject): ContractCase<BlobStore>[] {
  const cases: readonly BlobStoreCase[] = [
    ...putCases,
    ...readCases,
    ...streamCases,
    ...raceCases,
    ...putManyCases,
    ...listCases,
    ...keyCases,
    ...closeCases,
  ]
  const possible = cases.filter(({ hook }) => hook === undefined || subject[hook] !== undefined)
  return possible.map(({ name, needs = [], run }) => ({
    name,
    needs,
    run: async () => {
      const store = await subject.open()
      try {
        await run(store, subject)
      } finally {
        await store.close()
      }
    },
  }))
}
