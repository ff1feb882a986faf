import type { CallOptions } from '../blob/blob-store.ts'
import type { Pins, Unpin } from '../pins/pins.ts'
import { coreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import type { ByteCheckpoint, ByteDraft, ByteStorage, LayerName } from '../storage/byte-storage.ts'
import { encodeName, nameError } from '../storage/identifier.ts'
import { pinName } from '../storage/keys.ts'
import { alreadyExists, cannotBeLayered } from '../storage/storage-errors.ts'
import type {
  CreateError,
  CreateOptions,
  GcError,
  GcOptions,
  GcReport,
  GenerationInfo,
  LoadError,
  LoadOptions,
  RemoveError,
  StackError,
} from '../storage/storage.ts'
import { GuardedCheckpoint } from './guarded-checkpoint.ts'
import { GuardedDraft } from './guarded-draft.ts'

/**
 * Refuses, with a reason, what would surprise a person: a second draft of one identifier, and the
 * removal of a checkpoint that somebody has open. Within this process and, through the presence
 * files of {@link Pins}, across processes that share the medium.
 *
 * It is a courtesy on top: who wins a race is decided by the commit, with or without it. A handle
 * that is collected as garbage lets go of its claim.
 */
export function guard(storage: ByteStorage, pins: Pins): ByteStorage {
  return new GuardedStorage(storage, pins)
}

class GuardedStorage implements ByteStorage {
  readonly #storage: ByteStorage
  readonly #pins: Pins
  readonly #leaks = new FinalizationRegistry<Unpin>((unpin) => void unpin())

  constructor(storage: ByteStorage, pins: Pins) {
    this.#storage = storage
    this.#pins = pins
  }

  async create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError> {
    const refused = nameError('identifier', identifier)
    if (refused !== undefined) return err(refused)
    const claim = pinName('draft', encodeName(identifier))
    if (this.#pins.count(claim) > 0) return err(alreadyExists(identifier, 'draft'))
    const held = await this.#pins.pin(claim)
    if (!held.ok) return held
    const draft = await this.#createClaimed(identifier, claim, options)
    if (!draft.ok) {
      await held.value()
      return draft
    }
    const watch = (checkpoint: ByteCheckpoint): Promise<ByteCheckpoint> => this.#hold(checkpoint)
    const guarded = new GuardedDraft(draft.value, held.value, watch)
    this.#leaks.register(guarded, held.value)
    return ok(guarded)
  }

  async load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    const refused = nameError('identifier', identifier)
    if (refused !== undefined) return err(refused)
    // First the pin, then the look: whoever deletes publishes first and asks for pins after.
    const held = await this.#pins.pin(pinName('read', encodeName(identifier)))
    if (!held.ok) return held
    const loaded = await this.#storage.load(identifier, options)
    if (loaded.ok) return ok(this.#watch(loaded.value, held.value))
    await held.value()
    return loaded
  }

  async remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    const refused = nameError('identifier', identifier)
    if (refused !== undefined) return err(refused)
    const reading = pinName('read', encodeName(identifier))
    const others = await this.#pins.heldByOthers(options)
    if (!others.ok) return others
    if (this.#pins.count(reading) === 0 && !others.value.has(reading)) {
      return this.#storage.remove(identifier, options)
    }
    const message = `checkpoint ${quote(identifier)} is in use; close the handles on it first`
    return err(coreError('CHECKPOINT_IN_USE', message, { identifier }))
  }

  identifiers(options?: CallOptions): AsyncIterable<string> {
    return this.#storage.identifiers(options)
  }

  generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo> {
    return this.#storage.generations(identifier, options)
  }

  gc(options?: GcOptions): AsyncResult<GcReport, GcError> {
    return this.#storage.gc(options)
  }

  async stacked(layers: readonly LayerName[]): AsyncResult<ByteStorage, StackError> {
    if (this.#storage.stacked === undefined) return err(cannotBeLayered())
    const stacked = await this.#storage.stacked(layers)
    return stacked.ok ? ok(new GuardedStorage(stacked.value, this.#pins)) : stacked
  }

  async close(): Promise<void> {
    await this.#storage.close()
    await this.#pins.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** The claim is written down by now, so of two who make it at least one sees the other. */
  async #createClaimed(
    identifier: string,
    claim: string,
    options?: CreateOptions,
  ): AsyncResult<ByteDraft, CreateError> {
    if (this.#pins.count(claim) > 1) return err(alreadyExists(identifier, 'draft'))
    const others = await this.#pins.heldByOthers(options)
    if (!others.ok) return others
    if (others.value.has(claim)) return err(alreadyExists(identifier, 'draft'))
    return this.#storage.create(identifier, options)
  }

  /** The handle that a commit gives counts as in use, too. */
  async #hold(checkpoint: ByteCheckpoint): Promise<ByteCheckpoint> {
    const held = await this.#pins.pin(pinName('read', encodeName(checkpoint.identifier)))
    return held.ok ? this.#watch(checkpoint, held.value) : checkpoint
  }

  #watch(checkpoint: ByteCheckpoint, unpin: Unpin): ByteCheckpoint {
    const guarded = new GuardedCheckpoint(checkpoint, unpin)
    this.#leaks.register(guarded, unpin)
    return guarded
  }
}
