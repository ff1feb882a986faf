import { attempt, thrownError, type AsyncResult, type Seq } from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type { ReadFailure } from '../operation.ts'
import { damaged } from '../record/decode-record.ts'
import type { Entry } from '../record/record.ts'
import { liveFolds } from '../steps/fold.ts'
import { stagedNames } from './stage-entries.ts'

/** Where an operation stands, and the newest number that is known to be taken. */
export interface CollectParts {
  readonly log: OperationLog
  readonly standing: Standing
  /** Blobs for later records may be somebody else's, who is about to name them. */
  readonly takenUpTo: Seq
}

/**
 * Deletes the blobs that no live record names: given up, or staged by somebody who lost. Only after
 * the floor, for until then their records count. Gives whether all of them are gone.
 */
export async function collectBodies(parts: CollectParts): AsyncResult<boolean, ReadFailure> {
  const garbage = await attempt(() => findGarbage(parts), thrownError<ReadFailure>)
  return garbage.ok ? parts.log.bodies.delete(garbage.value) : garbage
}

async function findGarbage(parts: CollectParts): Promise<string[]> {
  const { log, standing, takenUpTo } = parts
  const { base, fold } = standing.head
  const garbage: string[] = []
  let named: Set<string> | undefined
  const read = new Set<Seq>()
  for await (const { name, record } of log.bodies.names()) {
    if (record > takenUpTo) break
    named ??= await namedByKept(log, standing)
    if (record > base && !read.has(record)) {
      read.add(record)
      // What a fold has replaced may be gone; whatever it named, the fold does.
      const entries =
        record < fold ? await entriesIfThere(log, record) : await entriesOf(log, record)
      for (const entry of entries) note(named, entry)
    }
    if (!named.has(name)) garbage.push(name)
  }
  return garbage
}

/** What the base, the checkpoints and the folds that it keeps, and later folds name. */
async function namedByKept(log: OperationLog, standing: Standing): Promise<Set<string>> {
  const named = new Set<string>()
  for (const { at } of standing.base.kept) {
    const entry = (await entriesOf(log, at.record))[at.index]
    // What a damaged record named is not known, so nothing can be said to be garbage.
    if (entry === undefined) throw damaged(at.record, 'a checkpoint that is kept is missing')
    note(named, entry)
  }
  const folds = await liveFolds(log, standing)
  if (!folds.ok) throw folds.error
  for (const seq of [standing.head.base, ...folds.value]) {
    for (const entry of await entriesOf(log, seq)) note(named, entry)
  }
  return named
}

/** The entries of a record that must be there: without it, what is named is not known. */
async function entriesOf(log: OperationLog, seq: Seq): Promise<readonly Entry[]> {
  const found = await log.log.read(seq)
  if (!found.ok) throw found.error
  // A successor has given it up: it knows what counts now, and we do not.
  if (found.value === undefined) throw damaged(seq, 'it is missing')
  return entriesIfThere(log, seq)
}

async function entriesIfThere(log: OperationLog, seq: Seq): Promise<readonly Entry[]> {
  const record = await log.read(seq)
  if (!record.ok) throw record.error
  return record.value?.entries ?? []
}

function note(named: Set<string>, entry: Entry): void {
  for (const name of stagedNames(entry)) named.add(name)
}
