import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
  type Damage,
  type Lease,
  type Seq,
} from '@tidemark/core'
import type { EventSource, OperationListener } from '../events/event-source.ts'
import { MAX_LABEL_BYTES, textError } from '../log/operation-key.ts'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type {
  Checkpoint,
  CheckpointFailure,
  CheckpointRef,
  CompactOptions,
  CompactReport,
  HistoryOptions,
  LatestError,
  LoadError,
  Operation,
  OperationStatus,
  Retention,
  StatusError,
  WriteError,
} from '../operation.ts'
import type { CheckpointEntry, StepEntry } from '../record/record.ts'
import { appendFold, liveFolds, recordsSinceFold, stepEntriesOf } from '../steps/fold.ts'
import { encodeValue, type PlainValue } from '../value/encode-value.ts'
import type { Payloads } from '../value/payloads.ts'
import { appendBegin, appendCompact, appendComplete } from './bases.ts'
import { sweepBase } from './trim.ts'
import { compactError } from './compact-error.ts'
import { planCompaction } from './plan-compaction.ts'
import { refOf } from './read-checkpoint.ts'
import type { RecordWriter, Written } from './record-writer.ts'
import { checkpointCount, stateOf, StoredOperation } from './stored-operation.ts'

/** What an operation open for writing works with. */
export interface OwnedParts<T> {
  readonly name: string
  readonly lease: Lease
  readonly log: OperationLog
  readonly writer: RecordWriter
  readonly payloads: Payloads<T>
  readonly events: EventSource
  readonly now: () => number
  readonly newIncarnation: () => string
  readonly retention: Retention | undefined
  /** Damaged newest records that were stepped over. */
  readonly recovered: readonly Damage[]
  /** Called when everything else is closed. */
  readonly onClose: () => Promise<void>
}

/** An operation in the hands of its owner. */
export class OwnedOperation<T> implements Operation<T> {
  readonly name: string
  readonly #parts: OwnedParts<T>
  readonly #reader: StoredOperation<T>
  /** Payloads are checked at their own pace, but recorded in the order of the calls. */
  #order: Promise<unknown> = Promise.resolve()
  #compacting = false
  #closed: Promise<void> | undefined

  constructor(parts: OwnedParts<T>) {
    this.name = parts.name
    this.#parts = parts
    const { log, payloads, recovered } = parts
    const onClose = (): Promise<void> => Promise.resolve()
    this.#reader = new StoredOperation(parts.name, {
      log,
      payloads,
      onClose,
      recovered,
    })
  }

  get lost(): AbortSignal {
    return this.#parts.lease.lost
  }

  async checkpoint(
    label: string,
    payload: T,
    options?: CallOptions,
  ): AsyncResult<CheckpointRef, CheckpointFailure> {
    const refused = this.#refusal(options) ?? textError('label', label, MAX_LABEL_BYTES)
    if (refused !== undefined) return err(refused)
    const { payloads, now } = this.#parts
    const encoding = payloads.encode(label, payload)
    const turn = this.#order.then(async () => {
      const encoded = await encoding
      if (!encoded.ok) return encoded
      const { version } = payloads
      const entry = { kind: 'checkpoint', label, atMs: now(), version, ...encoded.value } as const
      return ok({ entry, written: this.#parts.writer.add(entry, options?.signal) })
    })
    this.#order = turn.catch(() => undefined)
    const added = await turn
    if (!added.ok) return added
    const written = await added.value.written
    return written.ok ? ok(this.#recorded(added.value.entry, written.value)) : written
  }

  async compact(asked: string | CompactOptions): AsyncResult<CompactReport, CheckpointFailure> {
    const options = typeof asked === 'string' ? { label: asked } : asked
    const refused = this.#refusal(options) ?? compactError(options)
    if (refused !== undefined) return err(refused)
    return this.#inOrder(() => this.#compact(options))
  }

  async clear(options?: CallOptions): AsyncResult<void, WriteError> {
    const refused = this.#refusal(options)
    if (refused !== undefined) return err(refused)
    return this.#inOrder(async () => {
      const { writer, events, newIncarnation } = this.#parts
      if (stateOf(writer.standing) === 'fresh') return ok()
      const begun = await appendBegin(writer, this.#base(), newIncarnation())
      if (!begun.ok) return begun
      await this.#sweep()
      events.emit({ type: 'cleared' })
      return ok()
    })
  }

  async complete(result?: PlainValue, options?: CallOptions): AsyncResult<void, CheckpointFailure> {
    const refused = this.#refusal(options)
    if (refused !== undefined) return err(refused)
    const encoded = encodeValue(result, undefined)
    if (!encoded.ok) return encoded
    return this.#inOrder(async () => {
      const { writer } = this.#parts
      const { standing } = writer
      if (standing === undefined || standing.base.kind === 'complete') return ok()
      const outcome = { kind: 'outcome', ...encoded.value } as const
      const completed = await appendComplete(writer, standing, this.#base(), outcome)
      if (!completed.ok) return completed
      await this.#sweep()
      return ok()
    })
  }

  latest(options?: CallOptions): AsyncResult<Checkpoint<T> | undefined, LatestError> {
    return this.#reader.latest(options)
  }

  load(id: string, options?: CallOptions): AsyncResult<Checkpoint<T>, LoadError> {
    return this.#reader.load(id, options)
  }

  loadBytes(id: string, options?: CallOptions): AsyncResult<Checkpoint<Uint8Array>, LoadError> {
    return this.#reader.loadBytes(id, options)
  }

  history(options?: HistoryOptions): AsyncIterable<CheckpointRef> {
    return this.#reader.history(options)
  }

  status(options?: CallOptions): AsyncResult<OperationStatus, StatusError> {
    return this.#reader.status(options)
  }

  on(listener: OperationListener): () => void {
    return this.#parts.events.on(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { writer, lease, events, onClose } = this.#parts
    await this.#order
    await writer.drain()
    await this.#reader.close()
    await lease.close()
    await onClose()
    events.emit({ type: 'closed' })
  }

  /** Runs a job after every checkpoint that was asked for before it. */
  #inOrder<R>(job: () => Promise<R>): Promise<R> {
    const turn = this.#order.then(() => ({ done: this.#parts.writer.exclusively(job) }))
    this.#order = turn
    return turn.then(({ done }) => done)
  }

  #recorded(entry: CheckpointEntry, { at, seq, standing }: Written): CheckpointRef {
    const checkpoint = refOf(standing, entry, at, seq)
    this.#parts.events.emit({ type: 'checkpoint', checkpoint })
    this.#retain(standing)
    return checkpoint
  }

  /** Compacts when enough has come since the last time. Its failure shows at the next checkpoint. */
  #retain({ head, base }: Standing): void {
    const { retention } = this.#parts
    if (retention === undefined || this.#compacting) return
    if (head.nextSeq - base.firstSeq < retention.everyCheckpoints) return
    this.#compacting = true
    const { everyCheckpoints: _, ...keep } = retention
    void this.#inOrder(() => this.#compact(keep)).finally(() => (this.#compacting = false))
  }

  async #compact(options: CompactOptions): AsyncResult<CompactReport, CheckpointFailure> {
    const { writer, log, events, now } = this.#parts
    const { standing } = writer
    const count = checkpointCount(standing)
    const nothing = { kept: count, removed: 0, isSwept: true }
    if (standing === undefined || standing.base.kind === 'complete') return ok(nothing)
    const kept = await planCompaction(log, options, now())
    if (!kept.ok) return kept
    const removed = count - kept.value.length
    const isDropping = options.dropSteps === true && standing.head.steps > 0
    if (removed === 0 && !isDropping && (count === 0 || options.label === undefined)) {
      return ok(nothing)
    }
    const folds = options.dropSteps === true ? ok(undefined) : await this.#fold()
    if (!folds.ok) return folds
    const folded = writer.standing ?? standing
    const parts = { kept: kept.value, folds: folds.value }
    const compacted = await appendCompact(writer, folded, this.#base(), parts)
    if (!compacted.ok) return compacted
    const isSwept = await this.#sweep()
    events.emit({ type: 'compacted', kept: kept.value.length, removed })
    return ok({ kept: kept.value.length, removed, isSwept })
  }

  #sweep(): Promise<boolean> {
    return sweepBase(this.#parts, { list: false })
  }

  /** Brings all step entries into folds, so that their records can go. */
  async #fold(): AsyncResult<readonly Seq[], CheckpointFailure> {
    const { writer, log } = this.#parts
    const { standing } = writer
    if (standing === undefined) return ok([])
    const entries: StepEntry[] = []
    for await (const [, record] of recordsSinceFold(log, standing)) {
      // What is damaged cannot be kept; whoever asks for its steps runs them again.
      if (!record.ok && record.error.code !== 'CORRUPTED') return record
      if (record.ok) entries.push(...stepEntriesOf(record.value?.entries ?? []))
    }
    const folded = await appendFold(writer, log, entries)
    return folded.ok ? liveFolds(log, writer.standing ?? standing) : folded
  }

  #base(): { name: string; atMs: number } {
    return { name: this.name, atMs: this.#parts.now() }
  }

  #refusal(options: CallOptions | undefined): CoreError<'CLOSED' | 'ABORTED'> | undefined {
    if (this.#closed !== undefined) {
      const details = { what: 'operation', reason: 'closed' } as const
      return coreError('CLOSED', 'this operation is closed; open it again', details)
    }
    if (options?.signal?.aborted !== true) return undefined
    const message = 'the call was aborted by its signal; nothing was recorded'
    const details = { operation: 'record', committed: false } as const
    return coreError('ABORTED', message, details, options.signal.reason)
  }
}
