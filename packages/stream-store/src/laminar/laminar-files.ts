import { err, ok, type AsyncResult, type CallOptions, type CoreError } from '@tidemark/core'
import { attemptSystem, systemName, type FileBlobStore, type FileSystem } from '@tidemark/core/file'
import { coreError } from '@tidemark/core'
import {
  decodeManifest,
  MAX_MANIFEST_BYTES,
  type DecodedManifest,
} from '../manifest/manifest-codec.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { CHECKPOINTS, directoryName, fileKey, idOfName, isTemporary, POINTER_KEY } from './names.ts'

/** A directory of the original, and how its files are read and taken away. */
export interface LaminarPlace {
  readonly store: FileBlobStore
  readonly fileSystem: FileSystem
  /** The base directory, absolute. */
  readonly root: string
}

/** What lies below `checkpoints/`. */
export interface Names {
  /** Directories named as we name them, ids ascending. */
  readonly ids: readonly bigint[]
  /** Anything else: never an id, never deleted. */
  readonly foreign: readonly string[]
}

/** The names there are. A place where nothing was ever saved has none. */
export async function listNames({
  fileSystem,
  root,
}: LaminarPlace): AsyncResult<Names, ReadStoreError> {
  const listed = await attemptSystem('list', CHECKPOINTS, () =>
    orAbsent(fileSystem.list(`${root}/${CHECKPOINTS}`)),
  )
  if (!listed.ok) return listed
  const ids: bigint[] = []
  const foreign: string[] = []
  for (const { name, kind } of listed.value ?? []) {
    const id = kind === 'directory' ? idOfName(name) : undefined
    if (id !== undefined) ids.push(id)
    else if (name !== 'latest.txt' && !name.startsWith('.tmp-')) foreign.push(name)
  }
  ids.sort((a, b) => (a < b ? -1 : 1))
  return ok({ ids, foreign })
}

/** The manifest of an id; `undefined` when there is none. */
export async function readManifest(
  { store }: LaminarPlace,
  id: bigint,
  options?: CallOptions,
): AsyncResult<DecodedManifest | undefined, ReadStoreError> {
  const key = fileKey(id, 'manifest.json')
  const range = { start: 0, end: MAX_MANIFEST_BYTES + 1 }
  const blob = await store.get(key, { ...options, range })
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok(undefined) : blob
  const bytes = await blob.value.bytes()
  if (!bytes.ok) return bytes
  const decoded = decodeManifest(bytes.value)
  if (!decoded.ok) return decoded
  const found = decoded.value.manifest.checkpointId
  return found === id ? decoded : err(mistaken(id, found, key))
}

/** The id that the pointer names; `undefined` when it names none. */
export async function readPointer(
  { store }: LaminarPlace,
  options?: CallOptions,
): AsyncResult<bigint | undefined, ReadStoreError> {
  const blob = await store.get(POINTER_KEY, { ...options, range: { start: 0, end: 64 } })
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok(undefined) : blob
  const bytes = await blob.value.bytes()
  return bytes.ok ? ok(idOfName(new TextDecoder().decode(bytes.value).trim())) : bytes
}

/** What a checkpoint's directory holds beside its manifest. */
export interface DirectoryFacts {
  readonly hasManifest: boolean
  readonly hasState: boolean
  /** The last change of anything in it, by the clock of the file system. */
  readonly modifiedMs: number
}

/** Looks into a directory. That something cannot be looked at is an error, never absence. */
export async function lookInto(
  { fileSystem, root }: LaminarPlace,
  id: bigint,
): AsyncResult<DirectoryFacts, ReadStoreError> {
  const path = `${root}/${CHECKPOINTS}/${directoryName(id)}`
  return attemptSystem('list', `${CHECKPOINTS}/${directoryName(id)}`, async () => {
    const names = (await orAbsent(fileSystem.list(path))) ?? []
    let { modifiedMs } = (await orAbsent(fileSystem.stat(path))) ?? { modifiedMs: 0 }
    for (const { name } of names) {
      const stat = await orAbsent(fileSystem.stat(`${path}/${name}`))
      modifiedMs = Math.max(modifiedMs, stat?.modifiedMs ?? 0)
    }
    const has = (file: string): boolean => names.some(({ name }) => name === file)
    return { hasManifest: has('manifest.json'), hasState: has('state.bin'), modifiedMs }
  })
}

/**
 * Takes a checkpoint away: the manifest first, and for sure, so that what is left of an interrupted
 * removal is an orphan; and at last its directory, which the original would take for a checkpoint.
 */
export async function removeCheckpoint(
  place: LaminarPlace,
  id: bigint,
): AsyncResult<void, ReadStoreError> {
  const { fileSystem, root } = place
  const key = `${CHECKPOINTS}/${directoryName(id)}`
  const path = `${root}/${key}`
  const withdrawn = await removeFile(place, fileKey(id, 'manifest.json'))
  if (!withdrawn.ok) return withdrawn
  // Else a power cut might bring the manifest back and not its state.
  const settled = await attemptSystem('delete', key, () => orAbsent(fileSystem.syncDirectory(path)))
  if (!settled.ok) return settled
  const emptied = await removeFile(place, fileKey(id, 'state.bin'))
  if (!emptied.ok) return emptied
  return attemptSystem('delete', key, async () => {
    const names = (await orAbsent(fileSystem.list(path))) ?? []
    for (const { name } of names) {
      if (isTemporary(name)) await orAbsent(fileSystem.unlink(`${path}/${name}`))
    }
    // Files of somebody else keep it there; they are not ours to delete.
    if (names.every(({ name }) => isTemporary(name))) await orAbsent(fileSystem.rmdir(path))
  })
}

async function removeFile({ store }: LaminarPlace, key: string): AsyncResult<void, ReadStoreError> {
  const deleted = await store.delete(key)
  if (!deleted.ok) return deleted
  const [failed] = deleted.value.failed
  return failed === undefined ? ok() : err(failed.error)
}

async function orAbsent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (systemName(error) === 'ENOENT') return undefined
    throw error
  }
}

function mistaken(id: bigint, found: bigint, key: string): CoreError<'CORRUPTED'> {
  const reason = `it is the manifest of checkpoint ${found}`
  const message = `corrupt manifest: ${key} should be of ${id}, and ${reason}`
  return coreError('CORRUPTED', message, { what: 'manifest', reason, key, identifier: String(id) })
}
