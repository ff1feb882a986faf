import type { BlobStore, GetOptions } from '../blob/blob-store.ts'
import { concat, resolveRange } from '../blob/blob-body.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { attempt, unwrap, type AsyncResult } from '../result/result.ts'
import { thrownError } from '../result/thrown.ts'
import type { EntryInfo, StoredEntry } from './byte-storage.ts'
import { compareNames } from './identifier.ts'
import type { ManifestEntry } from './manifest.ts'
import { readStaged } from './staged.ts'
import type { GetError } from './storage.ts'

/** What is known of each entry, in byte order of the keys. */
export function entryInfos(entries: Iterable<ManifestEntry>): EntryInfo[] {
  return [...entries]
    .map(({ key, codec, sizeBytes }) => ({ key, codec, sizeBytes }))
    .sort((a, b) => compareNames(a.key, b.key))
}

/** The error for a key that a checkpoint does not have. */
export function keyNotFound(identifier: string, key: string): CoreError<'KEY_NOT_FOUND'> {
  const message = `checkpoint ${quote(identifier)} has no key ${quote(key)}`
  return coreError('KEY_NOT_FOUND', message, { identifier, key })
}

/** An entry with access to its bytes, wherever they are. */
export function storedEntry(
  store: BlobStore,
  identifier: string,
  entry: ManifestEntry,
  options?: GetOptions,
): StoredEntry {
  const { key, codec, sizeBytes, at } = entry
  const damaged = (reason: string): CoreError<'CORRUPTED'> => {
    const message = `entry ${quote(key)} of checkpoint ${quote(identifier)} is damaged: ${reason}`
    return coreError('CORRUPTED', message, { what: 'entry', reason, identifier, entry: key })
  }
  async function* stream(): AsyncGenerator<Uint8Array, void> {
    const range = unwrap(resolveRange(options?.range, sizeBytes))
    if ('bytes' in at) yield at.bytes.slice(range.start, range.end)
    else yield* readStaged(store, { at, sizeBytes }, damaged, { ...options, range })
  }
  return { key, codec, sizeBytes, bytes: () => gather(stream()), stream }
}

function gather(stream: AsyncGenerator<Uint8Array, void>): AsyncResult<Uint8Array, GetError> {
  return attempt(
    async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of stream) pieces.push(piece)
      return concat(pieces)
    },
    thrownError<GetError>,
  )
}
