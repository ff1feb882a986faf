import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
  type Damage,
  type LogRecord,
  type Seq,
} from '@tidemark/core'
import type { OperationLog, Sighting, Standing } from '../log/operation-log.ts'
import type {
  Checkpoint,
  CheckpointRef,
  HistoryOptions,
  LatestError,
  LoadError,
  OperationReader,
  OperationState,
  OperationStatus,
  ReadFailure,
  StatusError,
} from '../operation.ts'
import { damaged } from '../record/decode-record.ts'
import { decodePlain, type PlainValue } from '../value/encode-value.ts'
import type { Payloads } from '../value/payloads.ts'
import { decodeOwner, type OwnerName } from './decode-owner.ts'
import { readById, readLatest, readSettled, type StoredCheckpoint } from './read-checkpoint.ts'
import { historyError, readHistory } from './read-history.ts'

/** What a stored operation is read with. */
export interface StoredParts<T> {
  readonly log: OperationLog
  readonly payloads: Payloads<T>
  readonly onClose: () => Promise<void>
  /** Damaged records that were stepped over when it was opened for writing. */
  readonly recovered?: readonly Damage[]
}

/** An operation as everybody can read it. */
export class StoredOperation<T> implements OperationReader<T> {
  readonly name: string
  readonly #log: OperationLog
  readonly #payloads: Payloads<T>
  readonly #onClose: () => Promise<void>
  readonly #recovered: readonly Damage[]
  #closed = false

  constructor(name: string, parts: StoredParts<T>) {
    this.name = name
    this.#log = parts.log
    this.#payloads = parts.payloads
    this.#onClose = parts.onClose
    this.#recovered = parts.recovered ?? []
  }

  async latest(options?: CallOptions): AsyncResult<Checkpoint<T> | undefined, LatestError> {
    const refused = this.#refusal()
    if (refused !== undefined) return err(refused)
    const stored = await readLatest(this.#log, options)
    if (!stored.ok || stored.value === undefined) return stored.ok ? ok(undefined) : stored
    return this.#decoded(stored.value)
  }

  async load(id: string, options?: CallOptions): AsyncResult<Checkpoint<T>, LoadError> {
    const refused = this.#refusal()
    if (refused !== undefined) return err(refused)
    const stored = await readById(this.#log, id, options)
    return stored.ok ? this.#decoded(stored.value) : stored
  }

  async loadBytes(
    id: string,
    options?: CallOptions,
  ): AsyncResult<Checkpoint<Uint8Array>, LoadError> {
    const refused = this.#refusal()
    if (refused !== undefined) return err(refused)
    const stored = await readById(this.#log, id, options)
    if (!stored.ok) return stored
    return ok({ ...stored.value.ref, payload: stored.value.body.slice() })
  }

  async *history(options?: HistoryOptions): AsyncIterable<CheckpointRef> {
    const refused = this.#refusal() ?? historyError(options ?? {})
    if (refused !== undefined) throw refused
    yield* readHistory(this.#log, options)
  }

  async status(options?: CallOptions): AsyncResult<OperationStatus, StatusError> {
    const refused = this.#refusal()
    if (refused !== undefined) return err(refused)
    return readSettled(this.#log, (sighting) => this.#describe(sighting, options), options)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#onClose()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #decoded({ ref, entry, body }: StoredCheckpoint): AsyncResult<Checkpoint<T>, LatestError> {
    const payload = await this.#payloads.decode(entry.label, { ...entry, body })
    return payload.ok ? ok({ ...ref, payload: payload.value }) : payload
  }

  async #describe(
    { standing, newest, skipped }: Sighting,
    options?: CallOptions,
  ): AsyncResult<OperationStatus, StatusError> {
    const owner = await this.#owner(newest, options)
    if (!owner.ok) return owner
    const result = await this.#result(standing, options)
    if (!result.ok) return result
    const isCompleted = standing?.base.kind === 'complete'
    return ok({
      name: this.name,
      state: stateOf(standing),
      incarnation: standing?.head.incarnation,
      checkpoints: checkpointCount(standing),
      steps: standing?.head.steps ?? 0,
      completedAt: isCompleted ? new Date(standing.base.atMs) : undefined,
      result: result.value,
      owner: owner.value && { label: owner.value.label, epoch: owner.value.epoch },
      takenOverFrom: owner.value?.takenOverFrom,
      recovered: skipped.length > 0 ? skipped : this.#recovered,
    })
  }

  async #result(
    standing: Standing | undefined,
    options?: CallOptions,
  ): AsyncResult<PlainValue, ReadFailure | CoreError<'DECODE_FAILED'>> {
    if (standing?.base.kind !== 'complete') return ok(undefined)
    const record = await this.#log.read(standing.head.base, options)
    if (!record.ok) return record
    if (record.value === undefined) return err(damaged(standing.head.base, 'it is missing'))
    const outcome = record.value.entries.find((entry) => entry.kind === 'outcome')
    if (outcome === undefined) return ok(undefined)
    const body = await this.#log.bodies.bytesOf(outcome.body, options)
    return body.ok ? decodePlain({ ...outcome, body: body.value }, 'the result') : body
  }

  async #owner(
    newest: LogRecord | undefined,
    options?: CallOptions,
  ): AsyncResult<(OwnerName & { readonly epoch: Seq }) | undefined, ReadFailure> {
    const epoch = newest?.epoch ?? 0
    if (epoch === 0) return ok(undefined)
    const record = await this.#log.log.read(epoch, options)
    if (!record.ok || record.value === undefined) return record.ok ? ok(undefined) : record
    return ok({ epoch, ...decodeOwner(record.value.payload) })
  }

  #refusal(): CoreError<'CLOSED'> | undefined {
    if (!this.#closed) return undefined
    const details = { what: 'operation', reason: 'closed' } as const
    return coreError('CLOSED', 'this operation is closed; open it again', details)
  }
}

/** What an operation is doing, by its standing. */
export function stateOf(standing: Standing | undefined): OperationState {
  if (standing?.base.kind === 'complete') return 'completed'
  const { nextSeq = 0, steps = 0 } = standing?.head ?? {}
  return nextSeq === 0 && steps === 0 ? 'fresh' : 'active'
}

/** How many checkpoints there are. */
export function checkpointCount(standing: Standing | undefined): number {
  if (standing === undefined) return 0
  return standing.base.kept.length + standing.head.nextSeq - standing.base.firstSeq
}
