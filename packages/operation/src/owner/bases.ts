import type { AsyncResult } from '@tidemark/core'
import type { Standing } from '../log/operation-log.ts'
import type { WriteError } from '../operation.ts'
import type { Base, Entry, Kept } from '../record/record.ts'
import type { RecordWriter } from './record-writer.ts'

/** So many earlier incarnations are remembered, to tell a cleared checkpoint from an unknown one. */
const MAX_PAST = 64

/** What base records are made of besides the standing. */
export interface BaseParts {
  readonly name: string
  readonly atMs: number
}

/** Begins an incarnation: nothing of what came before counts. */
export function appendBegin(
  writer: RecordWriter,
  { name, atMs }: BaseParts,
  incarnation: string,
): AsyncResult<Standing, WriteError> {
  const before = writer.standing
  const past =
    before === undefined ? [] : [before.head.incarnation, ...before.base.past].slice(0, MAX_PAST)
  const base = {
    kind: 'begin',
    operation: name,
    atMs,
    past,
    firstSeq: 0,
    kept: [],
    folds: [],
  } as const
  const head = { incarnation, fold: 0, nextSeq: 0, steps: 0 }
  return writer.append({ head: { ...head, ...NO_LATEST }, base, entries: [] })
}

/** Ends the operation: only the outcome counts. */
export function appendComplete(
  writer: RecordWriter,
  standing: Standing,
  { name, atMs }: BaseParts,
  outcome: Entry,
): AsyncResult<Standing, WriteError> {
  const { nextSeq, steps } = standing.head
  const { past } = standing.base
  const base: Base = {
    kind: 'complete',
    operation: name,
    atMs,
    past,
    firstSeq: nextSeq,
    kept: [],
    folds: [],
  }
  const head = { fold: 0, nextSeq, steps, ...NO_LATEST }
  return writer.append({ head, base, entries: [outcome] })
}

/** Compacts: only the kept checkpoints count, and the folds unless steps are dropped. */
export function appendCompact(
  writer: RecordWriter,
  standing: Standing,
  { name, atMs }: BaseParts,
  { kept, folds }: { readonly kept: readonly Kept[]; readonly folds: Base['folds'] | undefined },
): AsyncResult<Standing, WriteError> {
  const { nextSeq, steps, fold } = standing.head
  const base: Base = {
    kind: 'compact',
    operation: name,
    atMs,
    past: standing.base.past,
    firstSeq: nextSeq,
    kept,
    folds: folds ?? [],
  }
  const latest = kept.at(-1)?.at
  const head = {
    nextSeq,
    ...(folds === undefined ? { fold: 0, steps: 0 } : { fold, steps }),
    ...(latest === undefined ? NO_LATEST : { latest }),
  }
  return writer.append({ head, base, entries: [] })
}

const NO_LATEST: { readonly latest: undefined } = { latest: undefined }
