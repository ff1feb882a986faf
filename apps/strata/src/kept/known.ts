import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, err, ok, sha256, toHex, type AsyncResult, type BlobStore } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import * as z from 'zod/mini'
import { strataError, type StrataError } from '../errors.ts'

/** What this machine knows of something that is kept elsewhere. */
export interface Note {
  /** The newest commit, as far as is known. */
  readonly generation: number
  readonly digest: string
  /**
   * The highest number ever seen. The newest commit may have a lower one, when it was saved over an
   * old one that somebody had put back; then no other up to here is believed.
   */
  readonly highest: number
}

const NOTE: z.ZodMiniType<Note> = z.object({
  generation: z.int(),
  digest: z.string(),
  highest: z.int(),
})

/** Remembers the newest commits of what is kept, away from where it is kept. */
export interface Known {
  /** What is known; `undefined` the first time, and when the note cannot be read. */
  of(name: string): Promise<Note | undefined>
  /** Writes it down: after `ok` it survives a power cut. */
  remember(name: string, note: Note): AsyncResult<void, StrataError<'LOCAL_UNWRITABLE'>>
}

/** Knows nothing, and learns nothing: for who has no place for notes. */
export const NOTHING_KNOWN: Known = {
  of: () => Promise.resolve(undefined),
  remember: () => Promise.resolve(ok()),
}

/**
 * Notes in a directory of this machine, about what is kept at a location. Whoever only looks makes
 * no directory before there is something to write down.
 */
export function knownIn(directory: string, location: string): Known {
  const folder = join(directory, 'known')
  const keyOf = (name: string): string =>
    toHex(sha256(new TextEncoder().encode(`${location}\n${name}`)))
  return {
    async of(name) {
      if (!(await isThere(folder))) return undefined
      const opened = await FileBlobStore.open(folder)
      if (!opened.ok) return undefined
      const note = await readNote(opened.value, keyOf(name))
      await opened.value.close()
      return note
    },
    async remember(name, note) {
      const opened = await FileBlobStore.open(folder)
      if (!opened.ok) return err(unwritable(folder, opened.error))
      const bytes = new TextEncoder().encode(JSON.stringify(note))
      const put = await opened.value.put(keyOf(name), bytes)
      await opened.value.close()
      return put.ok ? ok() : err(unwritable(folder, put.error))
    },
  }
}

/** The error for a folder of Strata's own that cannot be written. */
export function unwritable(path: string, cause: unknown): StrataError<'LOCAL_UNWRITABLE'> {
  const system = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
  const message = `${path} cannot be written (${system}); what is kept needs a note and a key there`
  return strataError('LOCAL_UNWRITABLE', message, { path, system }, cause)
}

async function readNote(store: BlobStore, key: string): Promise<Note | undefined> {
  const blob = await store.get(key)
  const bytes = blob.ok ? await blob.value?.bytes() : undefined
  if (bytes?.ok !== true) return undefined
  const json = attempt(
    (): unknown => JSON.parse(new TextDecoder().decode(bytes.value)),
    () => undefined,
  )
  const note = NOTE.safeParse(json.ok ? json.value : undefined)
  return note.success ? note.data : undefined
}

async function isThere(path: string): Promise<boolean> {
  const found = await attempt(
    () => stat(path),
    () => undefined,
  )
  return found.ok
}
