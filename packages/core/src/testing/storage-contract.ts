import type { ContractCase } from './contract.ts'
import { damageCases } from './storage/damage-cases.ts'
import { draftCases } from './storage/draft-cases.ts'
import { gcCases } from './storage/gc-cases.ts'
import { generationCases } from './storage/generation-cases.ts'
import { guardCases } from './storage/guard-cases.ts'
import { lifeCycleCases } from './storage/life-cycle-cases.ts'
import { nameCases } from './storage/name-cases.ts'
import { runCase, type StorageCase, type StorageSubject } from './storage/storage-case.ts'
import { streamCases } from './storage/stream-cases.ts'
import { valueCases } from './storage/value-cases.ts'

/**
 * What a storage of checkpoints promises, whatever medium and layers are below it, one case for
 * each promise.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { storageContract } from '@tidemark/core/testing'
 *
 * for (const { run } of storageContract({ open: () => new MemoryBlobStore() })) await run()
 */
export function storageContract(subject: StorageSubject): ContractCase[] {
  const cases: readonly StorageCase[] = [
    ...lifeCycleCases,
    ...draftCases,
    ...nameCases,
    ...valueCases,
    ...streamCases,
    ...generationCases,
    ...guardCases,
    ...damageCases,
    ...gcCases,
  ]
  return cases.map((one) => ({ name: one.name, needs: [], run: () => runCase(one, subject) }))
}
