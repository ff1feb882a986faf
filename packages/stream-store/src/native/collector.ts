import {
  attempt,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type Pins,
} from '@tidemark/core'
import type { ReadStoreError } from '../store/store-errors.ts'
import type { Entry, Garbage, Head } from './head.ts'
import { blobKey } from './view.ts'

/** What a collection did. */
export interface CollectReport {
  /** Blobs that are gone now. */
  readonly deleted: number
  /** Blobs that wait for their grace, for a reader, or for a medium that refused. */
  readonly waiting: number
}

/** The name that a reader of a checkpoint pins. */
export function pinName(id: bigint): string {
  return `checkpoint-${id}`
}

/**
 * Deletes what a durable head gave up. The record that drops a checkpoint comes first, its bytes go
 * later: a crash between leaves garbage that the head still names, never a checkpoint without bytes.
 */
export class Collector {
  readonly #store: BlobStore
  readonly #pins: Pins | undefined
  readonly #graceMs: number
  /** Deleted already; the next head need not name them. */
  readonly #done = new WeakSet<Garbage>()

  constructor(store: BlobStore, pins: Pins | undefined, graceMs: number) {
    this.#store = store
    this.#pins = pins
    this.#graceMs = graceMs
  }

  /** The head without the garbage that is known to be gone. */
  tidy(head: Head): Head {
    const garbage = head.garbage.filter((item) => !this.#done.has(item))
    return garbage.length === head.garbage.length ? head : { ...head, garbage }
  }

  /** Whether anything could be deleted now. */
  isDue(head: Head, nowMs: number): boolean {
    return head.garbage.some((item) => this.#isOld(item, nowMs))
  }

  /** Deletes the garbage of a head that is past its grace and that nobody reads. */
  async collect(
    head: Head,
    nowMs: number,
    options?: CallOptions,
  ): AsyncResult<CollectReport, ReadStoreError> {
    const due = head.garbage.filter((item) => this.#isOld(item, nowMs))
    const open = head.garbage.filter((item) => !this.#done.has(item))
    if (due.length === 0) return ok({ deleted: 0, waiting: countBlobs(open) })
    const held = await this.#pins?.heldByOthers(options)
    if (held !== undefined && !held.ok) return held
    const isHeld = ({ id }: Garbage): boolean =>
      held?.value.has(pinName(id)) === true || (this.#pins?.count(pinName(id)) ?? 0) > 0
    const free = due.filter((item) => !isHeld(item))
    const keys = free.flatMap(({ blobs }) => blobs.map(blobKey))
    const deleted = await this.#store.delete(keys, options)
    if (!deleted.ok) return deleted
    const failed = new Set(deleted.value.failed.map(({ key }) => key))
    for (const item of free) {
      if (!item.blobs.some((name) => failed.has(blobKey(name)))) this.#done.add(item)
    }
    const gone = keys.length - failed.size
    return ok({ deleted: gone, waiting: countBlobs(open) - gone })
  }

  #isOld(item: Garbage, nowMs: number): boolean {
    return !this.#done.has(item) && nowMs - item.sinceMs >= this.#graceMs
  }
}

/** The names of all blobs of a store, whoever left them. Lists. */
export function listBlobs(
  store: BlobStore,
  options?: CallOptions,
): AsyncResult<string[], ReadStoreError> {
  return attempt(
    async () => {
      const names: string[] = []
      for await (const { key } of store.list({ ...options, prefix: blobKey('') })) {
        names.push(key.slice(blobKey('').length))
      }
      return names
    },
    thrownError<ReadStoreError>,
  )
}

/**
 * Of some blobs those that no head names and none ever will, left by attempts that never committed:
 * an owner that was displaced finds the number of its next record taken. Of this owner's own, the
 * ones that are still being written are spared. No age and no clock comes into it.
 */
export function orphansAmong(
  names: readonly string[],
  named: ReadonlySet<string>,
  owner: { readonly epoch: number; readonly active: ReadonlySet<string> },
): string[] {
  return names.filter((name) => {
    const [epoch = '', attemptName = ''] = name.split('-')
    if (!/^[0-9]+$/.test(epoch) || named.has(name)) return false
    return (
      Number(epoch) < owner.epoch || !(Number(epoch) > owner.epoch || owner.active.has(attemptName))
    )
  })
}

/** Deletes keys; an error if any would not go. */
export async function deleteAll(
  store: BlobStore,
  keys: readonly string[],
  options?: CallOptions,
): AsyncResult<number, ReadStoreError> {
  if (keys.length === 0) return ok(0)
  const deleted = await store.delete(keys, options)
  if (!deleted.ok) return deleted
  const [failed] = deleted.value.failed
  return failed === undefined ? ok(keys.length) : err(failed.error)
}

/** The names of the blobs that entries and garbage name. */
export function namedBlobs(entries: readonly Entry[], garbage: readonly Garbage[]): Set<string> {
  return new Set([...entries, ...garbage].flatMap(({ blobs }) => blobs))
}

function countBlobs(garbage: readonly Garbage[]): number {
  return garbage.reduce((sum, { blobs }) => sum + blobs.length, 0)
}
