import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
} from '@tidemark/core'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type { StateSource } from '../state/pieces.ts'
import { slotKey, slotOf, type SlotName, type StoredSlot } from '../state/slot.ts'
import { InlineBytes, stageState, type StageError } from '../state/stage-state.ts'
import type { SaveOutcome } from '../store/checkpoint-store.ts'
import type { WriteStoreError } from '../store/store-errors.ts'
import type { Attempt } from './attempts.ts'
import type { StagedBody } from './save.ts'

/** Why state was not taken. */
export type PutStateError = StageError | CoreError<'CLOSED'>

/** What a commit gives. */
export interface CommitOutcome extends SaveOutcome {
  readonly checkpointId: bigint
  readonly epoch: bigint
}

/** More slots than any number of partitions needs; bounds the record. */
const MAX_SLOTS = 100_000

/**
 * A checkpoint in the making: state is streamed in, slot by slot; nothing is visible to anybody
 * before `commit`.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openStreamStore } from '@tidemark/stream-store'
 *
 * const store = unwrap(await openStreamStore({ store: new MemoryBlobStore() }))
 * const writer = unwrap(store.begin({ sourceOffsets: { orders: { offsets: { p0: '42' } } } }))
 * unwrap(await writer.put('count', new Uint8Array([42])))
 * unwrap(await writer.put({ operator: 'window', vnode: 7 }, new Uint8Array([1, 2])))
 * unwrap(await writer.commit()).checkpointId // => 1n
 * await store.close()
 */
export interface CheckpointWriter extends AsyncDisposable {
  readonly checkpointId: bigint
  readonly epoch: bigint
  /**
   * Takes the state of a slot. A stream is asked for more only as fast as the medium takes it. The
   * bytes must not change before this resolves. Puts of one writer run one after the other. Zero
   * bytes are a slot too.
   *
   * A slot put again replaces what was put before. One that failed is remembered: `commit` gives its
   * error until it is put again or removed.
   */
  put(slot: SlotName, source: StateSource, options?: CallOptions): AsyncResult<void, PutStateError>
  /** Takes a slot away again. */
  remove(slot: SlotName): void
  /** Makes the checkpoint the newest, whole, in one step. The writer is finished after `ok`. */
  commit(options?: CallOptions): AsyncResult<CommitOutcome, WriteStoreError | PutStateError>
  /** Gives the checkpoint up; its id stays used. Safe to repeat; does nothing after `commit`. */
  abort(): Promise<void>
}

/** What a writer needs of its store. */
export interface WriterTarget {
  readonly manifest: CheckpointManifest
  readonly attempt: Attempt
  readonly publish: (
    staged: StagedBody,
    options: CallOptions | undefined,
  ) => AsyncResult<SaveOutcome, WriteStoreError>
}

/** See {@link CheckpointWriter}. */
export class SlotWriter implements CheckpointWriter {
  readonly checkpointId: bigint
  readonly epoch: bigint
  readonly #target: WriterTarget
  readonly #slots = new Map<string, StoredSlot>()
  readonly #failures = new Map<string, PutStateError>()
  readonly #inline = new InlineBytes()
  #isOver = false
  #queue: Promise<unknown> = Promise.resolve()

  constructor(target: WriterTarget) {
    this.#target = target
    this.checkpointId = target.manifest.checkpointId
    this.epoch = target.manifest.epoch
  }

  put(name: SlotName, source: StateSource): AsyncResult<void, PutStateError> {
    return this.#inTurn(async () => {
      const slot = slotOf(name)
      const key = slotKey(slot)
      const refused = this.#isOver ? closed() : slotError(slot.vnode, this.#slots.size)
      if (refused !== undefined) return err(refused)
      const { pack } = this.#target.attempt
      const placed = await stageState(source, { pack, inlineLeft: this.#inline.left })
      this.#slots.delete(key)
      if (!placed.ok) {
        this.#failures.set(key, placed.error)
        return placed
      }
      this.#failures.delete(key)
      const { staged, sizeBytes } = placed.value
      const at = 'inline' in staged ? { inline: this.#inline.add(staged.inline) } : staged
      this.#slots.set(key, { ...slot, sizeBytes, at })
      return ok()
    })
  }

  remove(name: SlotName): void {
    void this.#inTurn(async () => {
      this.#slots.delete(slotKey(slotOf(name)))
      this.#failures.delete(slotKey(slotOf(name)))
    })
  }

  commit(options?: CallOptions): AsyncResult<CommitOutcome, WriteStoreError | PutStateError> {
    return this.#inTurn(async () => {
      if (this.#isOver) return err(closed())
      const [failure] = this.#failures.values()
      if (failure !== undefined) return err(failure)
      this.#isOver = true
      const { attempt } = this.#target
      const finished = await attempt.pack.finish()
      const published = finished.ok ? await this.#publish(options) : finished
      await attempt.settle(published.ok ? undefined : published.error)
      if (!published.ok) return published
      return ok({ ...published.value, checkpointId: this.checkpointId, epoch: this.epoch })
    })
  }

  abort(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver) return
      this.#isOver = true
      await this.#target.attempt.settle(closed())
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.abort()
  }

  #publish(options: CallOptions | undefined): AsyncResult<SaveOutcome, WriteStoreError> {
    const slots = [...this.#slots.values()]
    const bytes = slots.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    const blobs = this.#target.attempt.blobNames()
    const staged = { body: { slots }, inline: this.#inline.bytes(), blobs, bytes }
    return this.#target.publish(staged, options)
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => undefined)
    return turn
  }
}

function slotError(vnode: number | undefined, count: number): PutStateError | undefined {
  if (count >= MAX_SLOTS) {
    const message = `a checkpoint holds up to ${MAX_SLOTS} slots`
    return coreError('LIMIT_EXCEEDED', message, { limit: 'slots', maximum: MAX_SLOTS })
  }
  if (vnode === undefined || (Number.isInteger(vnode) && vnode >= 0 && vnode < 65_536)) {
    return undefined
  }
  const details = { argument: 'vnode', reason: 'a partition is an integer from 0 to 65535' }
  return coreError('INVALID_ARGUMENT', `${vnode} is no partition`, details)
}

function closed(): CoreError<'CLOSED'> {
  const message = 'this writer is finished; begin another'
  return coreError('CLOSED', message, { what: 'writer', reason: 'spent' })
}
