import type { Seq, Staged } from '@tidemark/core'

/** Where an entry lies: the number of its record in the log, and its place in the record. */
export interface Location {
  readonly record: Seq
  readonly index: number
}

/** The bytes of an entry: in its record, or in a blob that was staged for the record. */
export type Body = Uint8Array | Staged

/** A checkpoint that the caller made. */
export interface CheckpointEntry {
  readonly kind: 'checkpoint'
  readonly label: string
  readonly atMs: number
  readonly version: number
  readonly codec: string
  readonly body: Body
}

/** The result of a finished step. */
export interface ResultEntry {
  readonly kind: 'result'
  readonly step: string
  readonly key?: string
  readonly version: number
  readonly codec: string
  readonly body: Body
}

/** That an attempt at a step began, or how it failed. */
export interface AttemptEntry {
  readonly kind: 'attempt'
  readonly step: string
  readonly key?: string
  readonly attempt: number
  /** Failed attempts since the step was last given up; what a limit of attempts counts. */
  readonly failures: number
  /** What the attempt threw, for people; absent while nothing is known to have failed. */
  readonly error?: string
}

/** The value of a cursor of `ctx.state`. */
export interface StateEntry {
  readonly kind: 'state'
  readonly name: string
  readonly codec: string
  /** Small: states are repeated in every fold. */
  readonly body: Uint8Array
}

/** The result of the whole operation. */
export interface OutcomeEntry {
  readonly kind: 'outcome'
  readonly codec: string
  readonly body: Body
}

/** What a record says happened. */
export type Entry = CheckpointEntry | ResultEntry | AttemptEntry | StateEntry | OutcomeEntry

/** What is known of named steps. */
export type StepEntry = ResultEntry | AttemptEntry | StateEntry

/** Where an operation stands after a record: every record says it, so the newest is enough. */
export interface Head {
  /** 16 hex digits; another one after every `clear`. */
  readonly incarnation: string
  /** The record that says what still counts of everything before it. */
  readonly base: Seq
  /** The base below which everything void is known to be deleted. */
  readonly swept: Seq
  /** The newest record that repeats all step entries since the one before it; 0 without. */
  readonly fold: Seq
  /** The sequence number of the next checkpoint. */
  readonly nextSeq: number
  /** How many step results were recorded in this incarnation. */
  readonly steps: number
  readonly latest?: Location
}

/** A checkpoint from before the base that still counts. */
export interface Kept {
  readonly at: Location
  readonly seq: number
  readonly label: string
}

/** What a base record says of everything before it: only what it names still counts. */
export interface Base {
  readonly kind: 'begin' | 'compact' | 'complete'
  readonly operation: string
  readonly atMs: number
  /** Earlier incarnations, newest first. */
  readonly past: readonly string[]
  /** The sequence number of the first checkpoint after it. */
  readonly firstSeq: number
  /** Ascending. */
  readonly kept: readonly Kept[]
  /** The folds before it that still count, ascending. */
  readonly folds: readonly Seq[]
}

/** One record of an operation's log. */
export interface OperationRecord {
  readonly head: Head
  readonly base?: Base
  /** Makes this record a fold: the folds before it that still count, ascending. */
  readonly folds?: readonly Seq[]
  readonly entries: readonly Entry[]
}

/** Whether a body lies in a blob of its own. */
export function isStaged(body: Body): body is Staged {
  return !(body instanceof Uint8Array)
}

/** The size of what was stored. */
export function sizeOf(body: Body): number {
  return isStaged(body) ? body.sizeBytes : body.length
}

/** The checkpoints of a record with their sequence numbers and places. */
export function* checkpointsOf(
  record: OperationRecord,
): Iterable<{ readonly entry: CheckpointEntry; readonly index: number; readonly seq: number }> {
  const count = record.entries.filter(({ kind }) => kind === 'checkpoint').length
  let seq = record.head.nextSeq - count
  for (const [index, entry] of record.entries.entries()) {
    if (entry.kind !== 'checkpoint') continue
    yield { entry, index, seq }
    seq += 1
  }
}
