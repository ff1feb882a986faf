import { randomBytes } from '#digest'
import type { BlobStore } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ManifestEntry } from './manifest.ts'
import { readStaged, stage } from './staged.ts'
import type { PutEntryError } from './storage.ts'

/**
 * Copies the staged blobs of a draft that lost a race to fresh places under another number. What
 * was staged under the taken number may be collected at any moment: then it is a `CONFLICT`, and
 * has to be put again.
 */
export async function restage(
  store: BlobStore,
  entries: readonly ManifestEntry[],
  staging: string,
): AsyncResult<readonly ManifestEntry[], PutEntryError> {
  const nonce = toHex(randomBytes(8))
  const moved: ManifestEntry[] = []
  for (const [index, entry] of entries.entries()) {
    const { at, sizeBytes } = entry
    if ('bytes' in at) {
      moved.push(entry)
      continue
    }
    const source = readStaged(store, { at, sizeBytes }, stagedDamage)
    const staged = await stage(store, `${staging}${nonce}.${index}`, source)
    if (!staged.ok) {
      const left = await store.head(at.blob)
      return left.ok && left.value === undefined ? err(collected(at.blob)) : staged
    }
    // Left behind it is garbage that gc knows.
    void (await store.delete(at.blob))
    moved.push({ ...entry, at: staged.value.at })
  }
  return ok(moved)
}

function stagedDamage(reason: string): CoreError<'CORRUPTED'> {
  const message = `a staged entry is damaged: ${reason}; put it again`
  return coreError('CORRUPTED', message, { what: 'entry', reason })
}

function collected(key: string): CoreError<'CONFLICT'> {
  const message = 'others were faster, and what was staged for this commit is gone: make it again'
  return coreError('CONFLICT', message, { key, reason: 'collected' })
}
