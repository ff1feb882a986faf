import {
  attempt,
  coreError,
  err,
  hkdfSha256,
  ok,
  openStorage,
  prefixed,
  thrownError,
  toHex,
  unwrap,
  unwrapOr,
  type AsyncResult,
  type BlobStore,
  type CommitError,
  type CommittedCheckpoint,
  type CoreError,
  type GetError,
  type JsonObject,
  type LoadError,
  type StackError,
  type TypedStorage,
} from '@tidemark/core'
import { checksum, compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'
import type * as z from 'zod/mini'
import type { StrataError } from '../errors.ts'
import { asRefusal } from '../kept/refusal.ts'
import type { Known, Note } from '../kept/known.ts'

/** Why what is kept cannot be had. A refusal says who refused, and what to do. */
export type KeptError =
  | StackError
  | LoadError
  | GetError
  | CommitError
  | CoreError<'SCHEMA_MISMATCH'>
  | StrataError<'LOCAL_UNWRITABLE'>

/** The part of the store that has the settings and the reports. */
const KEPT = 'kept/'

/** What to do where nothing at all can be opened. */
const REMEDY =
  'Put kept/storage.json back; or delete kept/ in the store, and begin anew: ' +
  '`strata settings --reset`, then `strata run`'

/** The one entry of each checkpoint. */
const VALUE = 'value'

const KEY_ID_BYTES = 8
const NO_SALT = new Uint8Array()

/** Something that was kept, as it was saved. */
export interface KeptValue<T> {
  readonly value: T
  readonly savedAt: Date
}

/**
 * Opens what is kept, through its layers: compressed, encrypted, checksummed and sealed. Whoever
 * can write the store, but has no key, can read the names and delete; all else is refused.
 */
export async function openKept(
  store: BlobStore,
  secret: Uint8Array,
  known: Known,
): AsyncResult<Kept, KeptError> {
  // Named by what it is, so that another key is told from a forgery.
  const id = toHex(hkdfSha256(secret, NO_SALT, utf8.encode('strata/key-id/v1'), KEY_ID_BYTES))
  const ring = unwrap(keyRing({ active: { id, secret } }))
  // What is read is small and read at once: nobody's presence needs to be told.
  const storage = openStorage(prefixed(store, KEPT), { guard: false })
  const layered = await stack(storage, compress(), encrypt(ring), checksum(), hmac(ring))
  return layered.ok ? ok(new Kept(layered.value, known)) : err(asRefusal(layered.error, REMEDY))
}

/** Whether anything is kept in a store. Changes nothing. */
export async function isAnythingKept(store: BlobStore): Promise<boolean> {
  for await (const _ of store.list({ prefix: KEPT, limit: 1 })) return true
  return false
}

/** Values by name, one checkpoint for each. The store stays open when this is closed. */
export class Kept {
  readonly #storage: TypedStorage
  readonly #known: Known

  constructor(storage: TypedStorage, known: Known) {
    this.#storage = storage
    this.#known = known
  }

  /**
   * What was saved last; `undefined` when nothing was. Anything else that is there, or that is not
   * there any more, is refused by one of the layers: see `Refusal` in the details of the error.
   */
  load<T>(
    name: string,
    schema: z.ZodMiniType<T>,
    remedy: string,
  ): AsyncResult<KeptValue<T> | undefined, KeptError> {
    return this.#refusing(remedy, async () => {
      const note = await this.#known.of(name)
      const demanded = note === undefined ? {} : { minGeneration: note.generation }
      const loaded = await this.#storage.loadCheckpoint(name, demanded)
      // Where something is known to have been, its absence is a rollback to nothing.
      if (!loaded.ok && loaded.error.code === 'CHECKPOINT_NOT_FOUND') return undefined
      const checkpoint = unwrap(loaded)
      try {
        // First whether it is genuine at all, then whether it is the newest.
        const value = unwrap(await checkpoint.get(VALUE, schema))
        expectNewest(checkpoint, note)
        // A note that cannot be written is no reason to refuse what is genuine.
        if (note?.digest !== checkpoint.digest) {
          unwrapOr(await this.#remember(checkpoint, note), undefined)
        }
        return { value, savedAt: checkpoint.committedAt }
      } finally {
        await checkpoint.close()
      }
    })
  }

  /** Saves a value in the place of what is there, whatever that is, and remembers that it did. */
  save(name: string, value: JsonObject, remedy: string): AsyncResult<void, KeptError> {
    return this.#refusing(remedy, async () => {
      const saved = await this.#storage.save(name, { [VALUE]: value }, { ifExists: 'replace' })
      const { generation } = unwrap(saved)
      const checkpoint = unwrap(await this.#storage.loadCheckpoint(name, { generation }))
      await checkpoint.close()
      unwrap(await this.#remember(checkpoint, await this.#known.of(name)))
    })
  }

  close(): Promise<void> {
    return this.#storage.close()
  }

  #remember(
    { identifier, generation, digest }: CommittedCheckpoint,
    note: Note | undefined,
  ): ReturnType<Known['remember']> {
    const highest = Math.max(generation, note?.highest ?? 0)
    return this.#known.remember(identifier, { generation, digest, highest })
  }

  async #refusing<T>(remedy: string, work: () => Promise<T>): AsyncResult<T, KeptError> {
    return attempt(work, (thrown) => asRefusal(thrownError<KeptError>(thrown), remedy))
  }
}

/** `minGeneration` refuses older ones; of equal or spent numbers only the known one is believed. */
function expectNewest(
  { identifier, generation, digest }: CommittedCheckpoint,
  note: Note | undefined,
): void {
  if (note === undefined || digest === note.digest || generation > note.highest) return
  const message = `checkpoint ${identifier} is an old one that was put back`
  const details = { identifier, found: generation, expected: note.highest + 1 }
  throw coreError('ROLLBACK_DETECTED', message, details)
}

const utf8 = new TextEncoder()
