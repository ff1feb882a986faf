import {
  coreError,
  err,
  ok,
  quote,
  type AsyncResult,
  type Clock,
  type CoreError,
  type Lease,
  type Result,
  type Seq,
} from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import { operationError, type OperationError } from '../operation-errors.ts'
import type { WriteError } from '../operation.ts'
import { encodeRecord } from '../record/encode-record.ts'
import { roomFor } from '../record/entry-room.ts'
import type { Base, Entry, Head, Location } from '../record/record.ts'
import { discardStaged, stageEntries } from './stage-entries.ts'

/** A record takes so many entries that wait for it. */
const MAX_BATCH_ENTRIES = 1024

/** Entries share a record up to here; a larger one has a record to itself. */
const MAX_BATCH_BYTES = 1024 * 1024

/** Where an entry was written, and what is next. */
export interface Written {
  readonly at: Location
  /** The sequence number of a checkpoint; of anything else, of the checkpoint to come. */
  readonly seq: number
  /** Where the operation stood after its record. */
  readonly standing: Standing
}

/** What the writer stands on. */
export interface WriterParts {
  readonly lease: Lease
  readonly log: OperationLog
  readonly clock: Clock
  /** Larger values are stored beside the log. */
  readonly stageAboveBytes: number
}

/** A record to append: what changes of the head, and what is in it. */
export interface Draft {
  readonly head: Partial<Omit<Head, 'latest'>> &
    Pick<Head, 'nextSeq' | 'steps'> & {
      /** `undefined`, but there: no checkpoint counts any more. */
      readonly latest?: Location | undefined
    }
  readonly base?: Base
  readonly folds?: readonly Seq[]
  readonly entries: readonly Entry[]
}

interface Appended {
  readonly standing: Standing
  /** As they were written: large bodies are somewhere else. */
  readonly entries: readonly Entry[]
}

interface Waiting {
  readonly entry: Entry
  readonly signal: AbortSignal | undefined
  readonly settle: (result: Result<Written, WriteError>) => void
}

interface Job {
  readonly job: () => Promise<void>
}

/** An entry that can wait a while: it rides with the next record, or goes alone in the end. */
interface Offer {
  readonly entry: Entry
  readonly timer: AbortController
}

/**
 * Appends what an operation records, one record after the other. What arrives while an append is
 * in flight shares the next record, so that a slow medium is not asked once for each.
 */
export class RecordWriter {
  readonly #parts: WriterParts
  /** Called after entries were written, before their callers hear of it. */
  onWritten: (entries: readonly Entry[], seq: Seq) => void = () => undefined
  #standing: Standing | undefined
  #queue: (Waiting | Job)[] = []
  readonly #offers = new Map<string, Offer>()
  #running: Promise<void> | undefined

  constructor(parts: WriterParts, standing: Standing | undefined) {
    this.#parts = parts
    this.#standing = standing
  }

  /** Where the operation stands, by what this writer has seen and written. */
  get standing(): Standing | undefined {
    return this.#standing
  }

  /** Records an entry. */
  add(entry: Entry, signal?: AbortSignal): AsyncResult<Written, WriteError> {
    return new Promise((settle) => {
      this.#queue.push({ entry, signal, settle })
      this.#start()
    })
  }

  /** Records an entry with the next record, or alone after a while. A later offer replaces it. */
  offer(slot: string, entry: Entry, withinMs: number): void {
    this.withdraw(slot)
    const timer = new AbortController()
    this.#offers.set(slot, { entry, timer })
    const due = (): void => {
      if (this.#offers.get(slot)?.timer !== timer) return
      this.withdraw(slot)
      // Nobody waits for an offer: whoever must know asks for it to be flushed.
      void this.add(entry)
    }
    this.#parts.clock.sleep(withinMs, timer.signal).then(due, () => undefined)
  }

  /** Takes an offer back that was not written yet. */
  withdraw(slot: string): Entry | undefined {
    const offer = this.#offers.get(slot)
    offer?.timer.abort()
    this.#offers.delete(slot)
    return offer?.entry
  }

  /** Runs a job between two records: nothing is written meanwhile but by the job itself. */
  exclusively<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ job: () => job().then(resolve, reject) })
      this.#start()
    })
  }

  /** Resolves when everything that was asked for has been tried. Offers are written, too. */
  async drain(): Promise<void> {
    for (const slot of this.#offers.keys()) {
      const entry = this.withdraw(slot)
      if (entry !== undefined) void this.add(entry)
    }
    await this.#running
  }

  /** Appends a record. For jobs only: entries go through {@link RecordWriter.add}. */
  async append(draft: Draft): AsyncResult<Standing, WriteError> {
    const appended = await this.#append(draft)
    return appended.ok ? ok(appended.value.standing) : appended
  }

  /** Stages what is large, then appends: the record is what names it. */
  async #append(draft: Draft): AsyncResult<Appended, WriteError> {
    const { lease, log, stageAboveBytes: aboveBytes } = this.#parts
    const seq = lease.newest.seq + 1
    const head = this.#headAfter(draft, seq)
    if (head === undefined) throw new TypeError('the first record of an operation is a base')
    const { base = this.#standing?.base, folds } = draft
    if (base === undefined) throw new TypeError('a record stands on a base')
    const staging = { bodies: log.bodies, record: seq, aboveBytes }
    const staged = await stageEntries(draft.entries, staging)
    if (!staged.ok) return staged
    const entries = staged.value
    const own = draft.base === undefined ? {} : { base }
    const record = { head, entries, ...own, ...(folds === undefined ? {} : { folds }) }
    const payload = encodeRecord(record)
    const appended = await lease.append(payload)
    if (!appended.ok) {
      // What may have been written may name it.
      if (appended.error.kind !== 'unknown') await discardStaged(draft.entries, entries, staging)
      return appended
    }
    log.remember(seq, record, payload.length)
    this.#standing = { seq, head, base }
    return ok({ standing: this.#standing, entries })
  }

  /** Notes that what the base made void is deleted; the next record says so. */
  swept(): void {
    const standing = this.#standing
    if (standing === undefined) return
    this.#standing = { ...standing, head: { ...standing.head, swept: standing.head.base } }
  }

  #headAfter({ head, base, folds }: Draft, seq: Seq): Head | undefined {
    const before = this.#standing?.head
    const incarnation = head.incarnation ?? before?.incarnation
    const at = base === undefined ? before?.base : seq
    if (incarnation === undefined || at === undefined) return undefined
    const latest = 'latest' in head ? head.latest : before?.latest
    return {
      incarnation,
      base: at,
      swept: head.swept ?? before?.swept ?? 0,
      fold: folds === undefined ? (head.fold ?? before?.fold ?? 0) : seq,
      nextSeq: head.nextSeq,
      steps: head.steps,
      ...(latest === undefined ? {} : { latest }),
    }
  }

  #start(): void {
    this.#running ??= this.#run()
  }

  async #run(): Promise<void> {
    for (;;) {
      const [next] = this.#queue
      if (next === undefined) {
        // In the same breath: what is asked for from now on starts the next run.
        this.#running = undefined
        return
      }
      if ('job' in next) {
        this.#queue.shift()
        await next.job()
      } else await this.#write(this.#takeBatch())
    }
  }

  /** The entries at the front of the queue that go into one record, in order. */
  #takeBatch(): Waiting[] {
    const batch: Waiting[] = []
    let bytes = 0
    let taken = 0
    for (const next of this.#queue) {
      if ('job' in next || batch.length >= MAX_BATCH_ENTRIES) break
      bytes += roomFor(next.entry, this.#parts.stageAboveBytes)
      if (bytes > MAX_BATCH_BYTES && batch.length > 0) break
      taken += 1
      if (next.signal?.aborted === true) next.settle(err(abortedError(next.signal)))
      else batch.push(next)
    }
    this.#queue = this.#queue.slice(taken)
    return batch
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const standing = this.#standing
    if (batch.length === 0 || standing === undefined) return
    const { head, base: over } = standing
    if (over.kind === 'complete') {
      for (const { settle } of batch) settle(err(completedError(over)))
      return
    }
    const asked = batch.map(({ entry }) => entry)
    const entries = [...asked, ...this.#takeOffers(asked)]
    const record = this.#parts.lease.newest.seq + 1
    const lastIndex = entries.findLastIndex(({ kind }) => kind === 'checkpoint')
    const latest = lastIndex < 0 ? {} : { latest: { record, index: lastIndex } }
    const checkpoints = entries.filter(({ kind }) => kind === 'checkpoint').length
    const results = entries.filter(({ kind }) => kind === 'result').length
    const counts = { nextSeq: head.nextSeq + checkpoints, steps: head.steps + results }
    const written = await this.#append({ head: { ...counts, ...latest }, entries })
    if (!written.ok) {
      for (const { settle } of batch) settle(written)
      return
    }
    const after = written.value.standing
    const { seq } = after
    this.onWritten(written.value.entries, seq)
    let next = head.nextSeq
    for (const [index, { entry, settle }] of batch.entries()) {
      settle(ok({ at: { record: seq, index }, seq: next, standing: after }))
      if (entry.kind === 'checkpoint') next += 1
    }
  }

  /** What waits and fits into the record of those who asked; the rest is due in its time. */
  #takeOffers(asked: readonly Entry[]): Entry[] {
    const { stageAboveBytes } = this.#parts
    let bytes = asked.reduce((sum, entry) => sum + roomFor(entry, stageAboveBytes), 0)
    const entries: Entry[] = []
    for (const [slot, { entry }] of this.#offers) {
      bytes += roomFor(entry, stageAboveBytes)
      if (bytes > MAX_BATCH_BYTES || asked.length + entries.length >= MAX_BATCH_ENTRIES) break
      this.withdraw(slot)
      entries.push(entry)
    }
    return entries
  }
}

/** The error for an operation that is finished. */
function completedError({ operation: name, atMs }: Base): OperationError<'OPERATION_COMPLETED'> {
  const message = `the operation ${quote(name)} is completed; clear it to start over`
  return operationError('OPERATION_COMPLETED', message, { name, completedAtMs: atMs })
}

function abortedError(signal: AbortSignal): CoreError<'ABORTED'> {
  const details = { operation: 'record', committed: false } as const
  const message = 'recording was aborted by its signal; nothing was recorded'
  return coreError('ABORTED', message, details, signal.reason)
}
