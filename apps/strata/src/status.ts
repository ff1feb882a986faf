import { attempt, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { findStore, nothingSaved, type StoreQuestion } from './find-store.ts'
import type { Progress } from './phases.ts'
import { readLogs, type Logs } from './tidemark/log-persistence.ts'
import { lookAtPhases } from './tidemark/operation.ts'
import { lookAtPlace, type Offset } from './tidemark/stream-store.ts'

/** Where the last run got to. */
export interface Status {
  /** Which phases are done, for which commit; `undefined` when no run came that far. */
  readonly progress: Progress | undefined
  /** The newest saved place; `undefined` before the first. */
  readonly offset: Offset | undefined
  /** How many epochs are kept. */
  readonly epochs: number
  /** What is published, by branch. */
  readonly logs: Logs
  /** The commit that is checked out, where the repository is known. */
  readonly head: string | undefined
}

/** Looks at a store, and changes nothing. `CHECKPOINT_NOT_FOUND` when no run was ever begun. */
export async function statusOf(question: StoreQuestion): AsyncResult<Status, Failure> {
  const found = await findStore(question)
  if (!found.ok) return found
  const { store, repository } = found.value
  const look = async (): Promise<Status> => {
    const progress = unwrap(await lookAtPhases(store))
    const place = unwrap(await lookAtPlace(store))
    if (progress === undefined && place.offset === undefined) throw nothingSaved()
    const logs = unwrap(await readLogs(store))
    return { progress, ...place, logs, head: repository?.head }
  }
  const status = await attempt(look, thrownError<Failure>)
  await store.close()
  return status
}
