import { FileBlobStore } from '../../src/file/file-blob-store.ts'
import { unwrap } from '../../src/result/result.ts'
import { SimulatedDisk, type CrashReport } from '../../src/testing/simulated-disk/index.ts'
import { BlobLedger, HOME } from './blob-ledger.ts'
import { proveCrashStates } from './crash-proof.ts'

/** Torn at five sector boundaries. */
export const LONG: string = 'x'.repeat(2_900)

/** One change of a store, noted. */
export type Step = (ledger: BlobLedger, store: FileBlobStore) => Promise<string>

export const put =
  (key: string, value: string): Step =>
  (ledger, store) =>
    ledger.put(store, key, value)
export const create =
  (key: string, value: string): Step =>
  (ledger, store) =>
    ledger.put(store, key, value, { if: 'absent' })
export const remove =
  (key: string): Step =>
  (ledger, store) =>
    ledger.delete(store, key)

/** What is done on a fresh store. */
export interface World {
  readonly first?: readonly Step[]
  readonly steps: readonly Step[]
  /** All at once in the place of one after the other. */
  readonly atOnce?: boolean
  readonly limit?: number
}

/** Cuts the power everywhere in these steps on a fresh store, from its opening on. */
export async function proveBlobs({
  first = [],
  steps,
  atOnce,
  limit,
}: World): Promise<CrashReport> {
  const disk = new SimulatedDisk()
  const ledger = new BlobLedger(disk)
  const store = unwrap(await FileBlobStore.open(HOME, { fileSystem: disk.fileSystem() }))
  for (const step of first) await step(ledger, store)
  if (atOnce === true) await Promise.all(steps.map((step) => step(ledger, store)))
  else for (const step of steps) await step(ledger, store)
  return proveCrashStates(
    disk,
    (state) => ledger.check(state),
    limit === undefined ? {} : { limit },
  )
}
