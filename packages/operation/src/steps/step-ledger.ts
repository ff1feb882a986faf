import {
  attempt,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type Damage,
  type Result,
  type Seq,
} from '@tidemark/core'
import type { ReadFailure } from '../operation.ts'
import { trimToFold, type TrimParts } from '../owner/trim.ts'
import { damaged } from '../record/decode-record.ts'
import { roomFor } from '../record/entry-room.ts'
import type { AttemptEntry, Entry, ResultEntry, StateEntry, StepEntry } from '../record/record.ts'
import { appendFold, liveFolds, recordsSinceFold } from './fold.ts'
import { hashText, StepIndex } from './step-index.ts'

/** After so many records with step entries they are folded: resuming reads no more than that. */
const FOLD_RECORDS = 256

/** … or after so many bytes: what is not folded yet is held in memory. */
const FOLD_BYTES = 1024 * 1024

/** … or after so many entries: a few folds, decoded, are what skipping steps holds in memory. */
const FOLD_ENTRIES = 1024

/** What a ledger works on. */
export interface LedgerParts extends TrimParts {
  /** Damaged newest records that were stepped over. */
  readonly recovered: readonly Damage[]
}

/** A step, told from all others. */
export interface StepId {
  readonly step: string
  readonly key?: string
}

/** A recorded result, and its entry in the index. */
export interface FoundResult {
  readonly entry: number
  /** The record that it was found in. */
  readonly record: Seq
  readonly result: ResultEntry
}

interface Unfolded {
  readonly entry: StepEntry
  /** The entry in the index, if it is a result. */
  readonly indexed: number | undefined
}

/** What is known of the steps of an operation: results by place, attempts and states by value. */
export class StepLedger {
  readonly #parts: LedgerParts
  readonly #seed: number
  readonly #index = new StepIndex()
  readonly #attempts = new Map<string, AttemptEntry>()
  readonly #states = new Map<string, StateEntry>()
  /** Names of steps with a result, and whether this run asked for one. */
  readonly #names = new Map<string, boolean>()
  #unfolded: Unfolded[] = []
  #unfoldedBytes = 0
  #unfoldedRecords = 0
  #isFolding = false

  constructor(parts: LedgerParts, seed: number) {
    this.#parts = parts
    this.#seed = seed
  }

  /** Reads what earlier runs recorded, and takes note of what this one records. */
  async begin(onDamage: (damage: Damage) => boolean): AsyncResult<void, ReadFailure> {
    const loaded = await attempt(() => this.#load(onDamage), thrownError<ReadFailure>)
    if (!loaded.ok) return err(loaded.error)
    this.#parts.writer.onWritten = (entries, seq) => this.#written(entries, seq)
    // Behind a fold, the damage is never met again.
    const stepped = loaded.value + this.#parts.recovered.length
    if (stepped > 0) await this.#parts.writer.exclusively(() => this.#fold(true))
    return ok()
  }

  /** The recorded result of a step, if there is one. */
  async find(id: StepId): AsyncResult<FoundResult | undefined, ReadFailure> {
    for (const entry of this.#index.candidates(this.#hash(id))) {
      const { record: seq, index } = this.#index.at(entry)
      const record = await this.#parts.log.read(seq)
      if (!record.ok) return record
      if (record.value === undefined) return err(damaged(seq, 'it is missing'))
      const result = record.value.entries[index]
      if (result?.kind === 'result' && isSame(result, id)) {
        return ok({ entry, record: seq, result })
      }
    }
    return ok(undefined)
  }

  /** Notes that this run asks for a step; `false` when it did before. */
  ask({ entry, result }: FoundResult): boolean {
    this.#names.set(result.step, true)
    return this.#index.ask(entry)
  }

  /** What is known of the attempts at a step without a result. */
  attempts(id: StepId): AttemptEntry | undefined {
    return this.#attempts.get(textOf(id))
  }

  /** The value of a cursor. */
  state(name: string): StateEntry | undefined {
    return this.#states.get(name)
  }

  /** The names of steps with a result that this run never asked for. */
  orphans(): string[] {
    return [...this.#names].filter(([, asked]) => !asked).map(([name]) => name)
  }

  /** Loads folds and what came after them; gives how many damaged records were stepped over. */
  async #load(onDamage: (damage: Damage) => boolean): Promise<number> {
    const { log, writer } = this.#parts
    const { standing } = writer
    if (standing === undefined) return 0
    const folds = await liveFolds(log, standing)
    if (!folds.ok) throw folds.error
    let stepped = 0
    const survive = (seq: Seq, result: Result<unknown, ReadFailure>): void => {
      if (result.ok) return
      const { error } = result
      if (error.code !== 'CORRUPTED' || !onDamage({ seq, error })) throw error
      stepped += 1
    }
    for (const seq of folds.value) {
      const record = await log.read(seq)
      const isThere = !record.ok || record.value !== undefined
      survive(seq, isThere ? record : err(damaged(seq, 'it is missing')))
      if (record.ok) this.#note(record.value?.entries ?? [], seq, false)
    }
    for await (const [seq, record] of recordsSinceFold(log, standing)) {
      survive(seq, record)
      if (record.ok && record.value !== undefined) this.#note(record.value.entries, seq, true)
    }
    return stepped
  }

  #written(entries: readonly Entry[], seq: Seq): void {
    for (const indexed of this.#note(entries, seq, true)) this.#index.ask(indexed)
    for (const entry of entries) if (entry.kind === 'result') this.#names.set(entry.step, true)
    const isDue =
      this.#unfoldedRecords >= FOLD_RECORDS ||
      this.#unfolded.length >= FOLD_ENTRIES ||
      this.#unfoldedBytes >= FOLD_BYTES
    if (!isDue || this.#isFolding) return
    this.#isFolding = true
    void this.#parts.writer.exclusively(() => this.#fold(false))
  }

  /** Takes note of the entries of a record; gives the results among them, by their index. */
  #note(entries: readonly Entry[], seq: Seq, isUnfolded: boolean): number[] {
    const results: number[] = []
    let isStep = false
    for (const [index, entry] of entries.entries()) {
      if (entry.kind === 'checkpoint' || entry.kind === 'outcome') continue
      isStep = true
      const indexed = this.#noteOne(entry, { record: seq, index })
      if (indexed !== undefined) results.push(indexed)
      if (!isUnfolded) continue
      this.#unfolded.push({ entry, indexed })
      this.#unfoldedBytes += roomFor(entry, Infinity)
    }
    if (isStep && isUnfolded) this.#unfoldedRecords += 1
    return results
  }

  #noteOne(entry: StepEntry, at: { record: Seq; index: number }): number | undefined {
    if (entry.kind === 'state') this.#states.set(entry.name, entry)
    if (entry.kind === 'attempt') this.#attempts.set(textOf(entry), entry)
    if (entry.kind !== 'result') return undefined
    this.#attempts.delete(textOf(entry))
    if (!this.#names.has(entry.step)) this.#names.set(entry.step, false)
    return this.#index.add(this.#hash(entry), at)
  }

  /** A job of the writer: repeats what is not folded in one record. */
  async #fold(evenEmpty: boolean): Promise<void> {
    const { log, writer } = this.#parts
    const folding = this.#unfolded.filter(({ entry }) => this.#isCurrent(entry))
    const entries = folding.map(({ entry }) => entry)
    const folded = await appendFold(writer, log, entries, evenEmpty)
    this.#isFolding = false
    // Not written: everything is where it was, and the next record tries again.
    if (!folded.ok) return
    for (const [index, { indexed }] of folding.entries()) {
      if (indexed !== undefined) this.#index.move(indexed, { record: folded.value, index })
    }
    this.#unfolded = []
    this.#unfoldedBytes = 0
    this.#unfoldedRecords = 0
    await trimToFold(this.#parts)
  }

  /** Whether nothing newer has taken the place of an entry. */
  #isCurrent(entry: StepEntry): boolean {
    if (entry.kind === 'state') return this.#states.get(entry.name) === entry
    return entry.kind === 'result' || this.#attempts.get(textOf(entry)) === entry
  }

  #hash(id: StepId): number {
    return hashText(textOf(id), this.#seed)
  }
}

/** A step as text; two steps never have the same, for no name holds a NUL. */
export function textOf({ step, key }: StepId): string {
  return key === undefined ? step : `${step}\u0000${key}`
}

function isSame(a: StepId, b: StepId): boolean {
  return a.step === b.step && a.key === b.key
}
