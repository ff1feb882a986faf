import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
  type Unpin,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import { MAX_BUFFERED_BYTES, slotKey, slotOf, type SlotInfo, type SlotName } from '../state/slot.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { loadSlot, readSlot } from './read-state.ts'
import type { Stored, View } from './view.ts'

/** Why a slot cannot be read. */
export type ReadSlotError = ReadStoreError | CoreError<'KEY_NOT_FOUND'>

/** Which slots to read. */
export interface SlotSelection {
  readonly operator?: string
  /** Only these partitions; slots that are not keyed are left out then. */
  readonly vnodes?: Iterable<number>
}

/**
 * The state of one checkpoint, open for reading. Every piece is verified before it is handed out:
 * whoever reads a slot to its end without an error has read exactly what was put.
 */
export interface CheckpointState extends AsyncDisposable {
  readonly checkpointId: bigint
  readonly epoch: bigint
  readonly manifest: CheckpointManifest
  /** The slots there are, in the order in which they were put. */
  slots(selection?: SlotSelection): readonly SlotInfo[]
  /** One slot as an array, up to 256 MiB. `KEY_NOT_FOUND`: there is no such slot. */
  bytes(slot: SlotName, options?: CallOptions): AsyncResult<Uint8Array, ReadSlotError>
  /** One slot in pieces of up to 1 MiB, read as fast as they are taken. Throws the same errors. */
  stream(slot: SlotName, options?: CallOptions): AsyncIterable<Uint8Array>
  /** Lets go of it, so that its bytes can be deleted when the checkpoint is pruned. */
  close(): Promise<void>
}

/** See {@link CheckpointState}. */
export class OpenState implements CheckpointState {
  readonly checkpointId: bigint
  readonly epoch: bigint
  readonly manifest: CheckpointManifest
  readonly #view: View
  readonly #stored: Stored
  readonly #unpin: Unpin | undefined

  constructor(view: View, stored: Stored, manifest: CheckpointManifest, unpin: Unpin | undefined) {
    this.#view = view
    this.#stored = stored
    this.#unpin = unpin
    this.manifest = manifest
    this.checkpointId = manifest.checkpointId
    this.epoch = manifest.epoch
  }

  slots(selection: SlotSelection = {}): readonly SlotInfo[] {
    const { operator } = selection
    const vnodes = selection.vnodes === undefined ? undefined : new Set(selection.vnodes)
    return this.#stored.record.body.slots
      .filter((slot) => operator === undefined || slot.operator === operator)
      .filter(({ vnode }) => vnodes === undefined || (vnode !== undefined && vnodes.has(vnode)))
      .map(({ operator, vnode, sizeBytes }) =>
        vnode === undefined ? { operator, sizeBytes } : { operator, vnode, sizeBytes },
      )
  }

  async bytes(name: SlotName, options?: CallOptions): AsyncResult<Uint8Array, ReadSlotError> {
    const slot = this.#find(name)
    if (slot === undefined) return err(this.#missing(name))
    return loadSlot(this.#view, this.#stored, slot, MAX_BUFFERED_BYTES, options)
  }

  async *stream(name: SlotName, options?: CallOptions): AsyncGenerator<Uint8Array, void> {
    const slot = this.#find(name)
    if (slot === undefined) throw this.#missing(name)
    yield* readSlot(this.#view, this.#stored, slot, options)
  }

  async close(): Promise<void> {
    await this.#unpin?.()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #find(name: SlotName) {
    const key = slotKey(slotOf(name))
    return this.#stored.record.body.slots.find((slot) => slotKey(slot) === key)
  }

  #missing(name: SlotName): CoreError<'KEY_NOT_FOUND'> {
    const key = slotKey(slotOf(name))
    const details = { identifier: String(this.checkpointId), key }
    return coreError('KEY_NOT_FOUND', `checkpoint ${this.checkpointId} has no slot ${key}`, details)
  }
}

/** Opens what is stored, pinned first and then looked at again. */
export async function openStored(
  view: View,
  stored: Stored,
  unpin: Unpin | undefined,
): AsyncResult<CheckpointState | undefined, never> {
  const { manifest } = stored.record.body
  if (manifest !== undefined) return ok(new OpenState(view, stored, manifest, unpin))
  await unpin?.()
  return ok(undefined)
}
