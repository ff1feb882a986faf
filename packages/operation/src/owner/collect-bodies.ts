import { attempt, thrownError, type AsyncResult, type Seq } from '@tidemark/core'
import type { OperationLog, Standing } from '../log/operation-log.ts'
import type { ReadFailure } from '../operation.ts'
import { damaged } from '../record/decode-record.ts'
import { liveFolds } from '../steps/fold.ts'
import { stagedNames } from './stage-entries.ts'

/**
 * Deletes the blobs that no live record names: given up, or staged by somebody who lost. Only after
 * the floor, for until then their records count. Gives whether all of them are gone.
 */
export async function collectBodies(
  log: OperationLog,
  standing: Standing,
): AsyncResult<boolean, ReadFailure> {
  const garbage = await attempt(() => findGarbage(log, standing), thrownError<ReadFailure>)
  return garbage.ok ? log.bodies.delete(garbage.value) : garbage
}

async function findGarbage(log: OperationLog, standing: Standing): Promise<string[]> {
  const { base, fold } = standing.head
  const garbage: string[] = []
  let kept: ReadonlySet<string> | undefined
  for await (const { name, record } of log.bodies.names()) {
    kept ??= await namedByKept(log, standing)
    if (kept.has(name)) continue
    const named = record > base ? await namedBy(log, record) : []
    // No such record: a fold has replaced it, and names all that it named. After the folds, its
    // number is not taken yet, or a successor has given it up: that is not ours to judge.
    if (named === undefined ? record > fold : named.includes(name)) continue
    garbage.push(name)
  }
  return garbage
}

/** What the base, the checkpoints and the folds that it keeps, and later folds name. */
async function namedByKept(log: OperationLog, standing: Standing): Promise<ReadonlySet<string>> {
  const { head, base } = standing
  const folds = await liveFolds(log, standing)
  if (!folds.ok) throw folds.error
  const named = new Set<string>()
  for (const seq of [head.base, ...folds.value]) {
    for (const name of await namedByLive(log, seq)) named.add(name)
  }
  for (const { at } of base.kept) {
    const record = await log.read(at.record)
    if (!record.ok) throw record.error
    const entry = record.value?.entries[at.index]
    if (entry === undefined) throw damaged(at.record, 'a checkpoint that is kept is missing')
    for (const name of stagedNames(entry)) named.add(name)
  }
  return named
}

/** What a record names that counts: without it nothing can be said to be garbage. */
async function namedByLive(log: OperationLog, seq: Seq): Promise<string[]> {
  const named = await namedBy(log, seq)
  if (named === undefined) throw damaged(seq, 'it is missing')
  return named
}

/** What a record names; an owner's names nothing. `undefined`: there is no such record. */
async function namedBy(log: OperationLog, seq: Seq): Promise<string[] | undefined> {
  const found = await log.log.read(seq)
  if (!found.ok) throw found.error
  if (found.value === undefined) return undefined
  const record = await log.read(seq)
  if (!record.ok) throw record.error
  return record.value?.entries.flatMap((entry) => stagedNames(entry)) ?? []
}
