import {
  coreError,
  err,
  json,
  ok,
  unwrap,
  type AsyncResult,
  type ByteStorage,
  type CommitError,
  type LoadError,
} from '@tidemark/core'
import { IndexedStorage } from './indexed-storage.ts'
import {
  decodeListing,
  encodeListing,
  INDEX_IDENTIFIER,
  INDEX_KEY,
  type Listed,
  type Listing,
} from './listing.ts'

/** Whoever loses that many races in a row hears about it. */
const MAX_RACES = 100

/** A list with the generation it was read at. */
interface Read {
  readonly expect: number | 'absent'
  readonly listing: Listing
}

/** Why the list could not be brought up to date. */
export type IndexError = LoadError | CommitError

/** Keeps the sealed list of all checkpoints, which is a checkpoint itself. */
export class SealedIndex {
  /** Where the list lies. Of a guarded and a bare form of one storage, the bare one. */
  #home: ByteStorage | undefined
  /** Within this process, one change at a time: a race is only lost to others. */
  #queue: Promise<unknown> = Promise.resolve()

  /** A storage whose commits and removals are listed. Called for the bare form last. */
  over(storage: ByteStorage): ByteStorage {
    this.#home = storage
    return new IndexedStorage(storage, this)
  }

  /** Lists a commit, or takes an identifier off the list. */
  change(identifier: string, listed: Listed | undefined): AsyncResult<void, IndexError> {
    const turn = this.#queue.then(() => this.#change(identifier, listed))
    this.#queue = turn.catch(() => undefined)
    return turn
  }

  async #change(identifier: string, listed: Listed | undefined): AsyncResult<void, IndexError> {
    const home = this.#home
    if (home === undefined) return ok()
    for (let race = 0; race < MAX_RACES; race++) {
      const read = await readListing(home)
      if (!read.ok) return read
      const listing = new Map(read.value.listing)
      if (listed === undefined) listing.delete(identifier)
      // Somebody's later commit may have been listed already.
      else if ((listing.get(identifier)?.generation ?? 0) < listed.generation) {
        listing.set(identifier, listed)
      }
      const written = await writeListing(home, { ...read.value, listing })
      if (written.ok || written.error.code !== 'CONFLICT') return written
    }
    const message = `others changed the sealed index ${MAX_RACES} times meanwhile; try again`
    return err(coreError('CONFLICT', message, { identifier: INDEX_IDENTIFIER, reason: 'changed' }))
  }
}

async function readListing(home: ByteStorage): AsyncResult<Read, LoadError> {
  const loaded = await home.load(INDEX_IDENTIFIER)
  if (!loaded.ok) {
    const isNone = loaded.error.code === 'CHECKPOINT_NOT_FOUND'
    return isNone ? ok({ expect: 'absent', listing: new Map() }) : loaded
  }
  const entry = await loaded.value.entry(INDEX_KEY)
  const bytes = entry.ok ? await entry.value.bytes() : entry
  await loaded.value.close()
  const listing = bytes.ok ? decodeListing(unwrap(json.decode(bytes.value, INDEX_KEY))) : undefined
  if (listing !== undefined) return ok({ expect: loaded.value.generation, listing })
  const details = { what: 'sealed index', reason: 'it cannot be read' }
  const cause = bytes.ok ? undefined : bytes.error
  return err(coreError('CORRUPTED', 'the sealed index cannot be read', details, cause))
}

async function writeListing(
  home: ByteStorage,
  { expect, listing }: Read,
): AsyncResult<void, CommitError> {
  const draft = await home.create(INDEX_IDENTIFIER, { expect })
  if (!draft.ok) return draft
  const bytes = unwrap(json.encode(encodeListing(listing)))
  const put = await draft.value.put(INDEX_KEY, bytes, json.id)
  const committed = put.ok ? await draft.value.commit() : put
  if (committed.ok) await committed.value?.close()
  else await draft.value.abort()
  return committed.ok ? ok() : committed
}
