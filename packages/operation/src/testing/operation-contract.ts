import type { BlobStore } from '@tidemark/core'
import type { ContractCase } from '@tidemark/core/testing'
import { checkpointCases } from './checkpoint-cases.ts'
import { compactionCases } from './compaction-cases.ts'
import { largeCases } from './large-cases.ts'
import { ownerCases } from './owner-cases.ts'
import { payloadCases } from './payload-cases.ts'
import { retryCases } from './retry-cases.ts'
import { stepCases } from './step-cases.ts'

/** What the contract runs on. */
export interface OperationSubject {
  /** Gives an empty store; closed by the case. */
  readonly open: () => BlobStore | Promise<BlobStore>
}

/** A case as it is written down: it is given an empty store. */
export type CaseTable = Readonly<Record<string, (store: BlobStore) => Promise<void>>>

/**
 * What operations promise on every medium. For people who bring a medium of their own:
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { operationContract } from '@tidemark/operation/testing'
 *
 * const cases = operationContract({ open: () => new MemoryBlobStore() })
 * await cases[0].run()
 */
export function operationContract(subject: OperationSubject): ContractCase<BlobStore>[] {
  const tables: readonly CaseTable[] = [
    checkpointCases,
    compactionCases,
    ownerCases,
    payloadCases,
    largeCases,
    stepCases,
    retryCases,
  ]
  return tables.flatMap((table) =>
    Object.entries(table).map(([name, run]) => ({
      name,
      needs: [],
      run: async () => {
        const store = await subject.open()
        try {
          await run(store)
        } finally {
          await store.close()
        }
      },
    })),
  )
}
