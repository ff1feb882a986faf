import { resolve } from 'node:path'
import {
  acquireLease,
  blobCommitLog,
  err,
  ok,
  prefixed,
  systemClock,
  type AsyncResult,
  type CallOptions,
  type Clock,
} from '@tidemark/core'
import {
  FileBlobStore,
  nodeFileSystem,
  nodeProcessProbe,
  type FileSystem,
  type OpenFileError,
} from '@tidemark/core/file'
import { listNames } from '../laminar/laminar-files.ts'
import { laminarStore, type LaminarStore } from '../laminar/laminar-store.ts'
import { CONTROL } from '../laminar/names.ts'
import { DEFAULT_VNODE_COUNT } from '../manifest/manifest.ts'
import { ORPHAN_MIN_AGE_MS, type StoreEvent } from '../native/options.ts'
import type { WriteStoreError } from '../store/store-errors.ts'

/** Options of {@link openLaminarStore}. */
export interface LaminarStoreOptions extends CallOptions {
  /** The base directory, the one that holds `checkpoints/`. */
  readonly dir: string
  /** Every save keeps this many of the newest; 0 (default) keeps all, as in the original. */
  readonly maxRetained?: number
  /** Default 256. */
  readonly vnodeCount?: number
  /** How old a directory without a manifest must be to be swept, in ms. Default 86 400 000. */
  readonly orphanMinAgeMs?: number
  readonly onEvent?: (event: StoreEvent) => void
  readonly fileSystem?: FileSystem
  readonly nowMs?: () => number
  /** For the pauses of recovery. */
  readonly clock?: Clock
}

/** Nobody waits for this lease: it is always taken over. */
const STALE_AFTER_MS = 3_600_000

/**
 * Opens a LaminarDB checkpoint directory, to read it, go on writing it and hand it back. Beside
 * `checkpoints/` it keeps who may write, in `stream-store/`. Do not run the original on the directory
 * at the same time.
 *
 * @example
 * import { mkdtempSync } from 'node:fs'
 * import { unwrap } from '@tidemark/core'
 * import { createManifest } from '@tidemark/stream-store'
 * import { openLaminarStore } from '@tidemark/stream-store/file'
 *
 * const store = unwrap(await openLaminarStore({ dir: mkdtempSync('/tmp/laminar-') }))
 * unwrap(await store.save(createManifest({ checkpointId: 1, epoch: 1 })))
 * unwrap(await store.loadLatest())?.checkpointId // => 1n
 * await store.close()
 */
export async function openLaminarStore(
  options: LaminarStoreOptions,
): AsyncResult<LaminarStore, WriteStoreError | OpenFileError> {
  const { fileSystem } = options
  const opened = await FileBlobStore.open(
    options.dir,
    fileSystem === undefined ? {} : { fileSystem },
  )
  if (!opened.ok) return opened
  const store = opened.value
  const control = prefixed(store, CONTROL)
  const log = blobCommitLog(control, 'log/')
  const lease = await acquireLease(control, 'log/', {
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(fileSystem === undefined ? { probe: nodeProcessProbe } : {}),
    takeover: 'always',
    staleAfterMs: STALE_AFTER_MS,
    log,
  })
  if (!lease.ok) {
    await store.close()
    if (lease.error.code !== 'LOCKED') return err(lease.error)
    throw new TypeError('a lease that is always taken over is never locked', { cause: lease.error })
  }
  const place = { store, fileSystem: fileSystem ?? nodeFileSystem, root: resolve(options.dir) }
  const names = await listNames(place)
  if (!names.ok) {
    await lease.value.close()
    await store.close()
    return names
  }
  const parts = {
    place,
    log,
    lease: lease.value,
    vnodeCount: options.vnodeCount ?? DEFAULT_VNODE_COUNT,
    maxRetained: options.maxRetained ?? 0,
    orphanMinAgeMs: options.orphanMinAgeMs ?? ORPHAN_MIN_AGE_MS,
    nowMs: options.nowMs ?? Date.now,
    clock: options.clock ?? systemClock,
    onEvent: options.onEvent ?? ((): void => undefined),
  }
  return ok(laminarStore(parts, names.value.ids))
}
