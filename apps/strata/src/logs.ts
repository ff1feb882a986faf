import { attempt, coreError, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import { strataError, type Failure } from './errors.ts'
import { findStore, type FoundStore, type StoreQuestion } from './find-store.ts'
import { tipOf } from './history/repository.ts'
import { branchOf, logOfBranch } from './published-root.ts'
import { latestOf, publish, readLogs, type Logs } from './tidemark/log-persistence.ts'

/** What is published, by branch. `CHECKPOINT_NOT_FOUND` where there is no store. */
export function logsOf(question: StoreQuestion): AsyncResult<Logs, Failure> {
  return withStore(question, async ({ store }) => unwrap(await readLogs(store)))
}

/**
 * Writes down that a branch may go on from where it is now, although its history was rewritten.
 * What is published stays so, until the next run publishes the new line. Gives all logs.
 */
export function acceptRewrite(question: StoreQuestion, branch: string): AsyncResult<Logs, Failure> {
  return withStore(question, async ({ store, repository }) => {
    if (repository === undefined) throw notARepository(question.place)
    const log = logOfBranch(branch)
    const latest = unwrap(await latestOf(store, log))
    if (latest.published === undefined) throw notPublished(log)
    const accepted = unwrap(await tipOf(repository.path, question.environment, log))
    unwrap(await publish(store, latest, { ...latest.published, accepted }))
    return unwrap(await readLogs(store))
  })
}

async function withStore<T>(
  question: StoreQuestion,
  work: (found: FoundStore) => Promise<T>,
): AsyncResult<T, Failure> {
  const found = await findStore(question)
  if (!found.ok) return found
  const done = await attempt(() => work(found.value), thrownError<Failure>)
  await found.value.store.close()
  return done
}

function notPublished(log: string): Failure {
  const message = `nothing is published of ${branchOf(log)}, so there is nothing to accept`
  return coreError('CHECKPOINT_NOT_FOUND', message, { identifier: log })
}

function notARepository(path: string): Failure {
  const message = 'a store does not know where a branch is now; name the repository, and --store'
  return strataError('NOT_A_REPOSITORY', message, { path })
}
