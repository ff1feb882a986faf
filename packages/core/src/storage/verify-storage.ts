import type { CallOptions } from '../blob/blob-store.ts'
import { attempt, ok, type AsyncResult } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import type { ByteCheckpoint, ByteStorage } from './byte-storage.ts'
import { isCheckpointDamage } from './storage-errors.ts'
import type { GetError, StorageReadError, VerifyProblem, VerifyReport } from './storage.ts'

/** Reads everything in a storage, entry by entry, and goes on after damage. */
export async function verifyStorage(
  storage: ByteStorage,
  options?: CallOptions,
): AsyncResult<VerifyReport, StorageReadError> {
  const seen = { identifiers: 0, generations: 0, entries: 0, bytes: 0 }
  const problems: VerifyProblem[] = []
  const swept = await attempt(
    async () => {
      for await (const identifier of storage.identifiers(options)) {
        seen.identifiers += 1
        for await (const { generation, damage } of storage.generations(identifier, options)) {
          seen.generations += 1
          if (damage !== undefined) problems.push({ identifier, generation, error: damage })
          else await verifyGeneration(storage, identifier, generation, seen, problems, options)
        }
      }
    },
    thrownError<StorageReadError>,
  )
  return swept.ok ? ok({ ...seen, problems }) : swept
}

async function verifyGeneration(
  storage: ByteStorage,
  identifier: string,
  generation: number,
  seen: { entries: number; bytes: number },
  problems: VerifyProblem[],
  options?: CallOptions,
): Promise<void> {
  const loaded = await storage.load(identifier, { ...options, generation })
  if (!loaded.ok) {
    if (isCheckpointDamage(loaded.error))
      problems.push({ identifier, generation, error: loaded.error })
    // Given up by retention since it was listed: nothing is wrong with that.
    else if (loaded.error.code !== 'CHECKPOINT_NOT_FOUND') throw loaded.error
    return
  }
  const checkpoint = loaded.value
  for (const { key } of checkpoint.entries()) {
    seen.entries += 1
    const size = await readWhole(checkpoint, key, options)
    if (size.ok) seen.bytes += size.value
    else problems.push({ identifier, generation, key, error: size.error })
  }
  await checkpoint.close()
}

async function readWhole(
  checkpoint: ByteCheckpoint,
  key: string,
  options?: CallOptions,
): AsyncResult<number, GetError> {
  const entry = await checkpoint.entry(key, options)
  if (!entry.ok) return entry
  return attempt(
    async () => {
      let size = 0
      for await (const piece of entry.value.stream()) size += piece.length
      return size
    },
    thrownError<GetError>,
  )
}
