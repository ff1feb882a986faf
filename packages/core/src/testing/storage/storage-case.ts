import type { BlobStore } from '../../blob/blob-store.ts'
import { openStorage, type StorageOptions } from '../../storage/open-storage.ts'
import type {
  CheckpointStorage,
  CommittedCheckpoint,
  CreateOptions,
  EntryValue,
} from '../../storage/storage.ts'
import { succeeds } from '../check.ts'

/** The medium, and the storage on it, under test. */
export interface StorageSubject {
  /** A new, empty store. The case closes it. */
  readonly open: () => BlobStore | Promise<BlobStore>
  /** A storage on a store, as each process would open it. Default: core's `openStorage`. */
  readonly openStorage?: (
    store: BlobStore,
    options: StorageOptions,
  ) => CheckpointStorage | Promise<CheckpointStorage>
}

/** What a case works with. */
export interface StorageWorld {
  readonly store: BlobStore
  /** A storage on the store of this case, or on one that wraps it. Closed after the case. */
  readonly storage: (options?: StorageOptions, store?: BlobStore) => Promise<CheckpointStorage>
}

/** A case before it is bound to a subject. */
export interface StorageCase {
  readonly name: string
  readonly run: (world: StorageWorld) => Promise<void>
}

/** Too large for a record: lies in a blob of its own. */
export const LARGE_ENTRY_BYTES: number = 200_000

/** Opens the storages of one case and closes them. */
export async function runCase({ run }: StorageCase, subject: StorageSubject): Promise<void> {
  const store = await subject.open()
  const open = subject.openStorage ?? openStorage
  const storages: CheckpointStorage[] = []
  const storage = async (options: StorageOptions = {}, on = store) => {
    const opened = await open(on, options)
    storages.push(opened)
    return opened
  }
  try {
    await run({ store, storage })
  } finally {
    for (const opened of storages) await opened.close()
    await store.close()
  }
}

/** Commits entries and lets go of the result. */
export async function save(
  storage: CheckpointStorage,
  identifier: string,
  entries: Readonly<Record<string, EntryValue>> = {},
  options: CreateOptions = { ifExists: 'replace' },
): Promise<number> {
  const saved = await succeeds(storage.save(identifier, entries, options), `save ${identifier}`)
  return saved.generation
}

/** The newest checkpoint of an identifier, which must be there. */
export function load(storage: CheckpointStorage, identifier: string): Promise<CommittedCheckpoint> {
  return succeeds(storage.loadCheckpoint(identifier), `load ${identifier}`)
}

/** One value of the newest checkpoint. */
export async function valueOf(
  storage: CheckpointStorage,
  identifier: string,
  key: string,
): Promise<unknown> {
  const checkpoint = await load(storage, identifier)
  const value = await succeeds(checkpoint.get(key), `get ${key}`)
  await checkpoint.close()
  return value
}
