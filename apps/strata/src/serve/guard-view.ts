import { branchOf } from '../published-root.ts'
import { statusOf } from '../status.ts'
import type { StoreQuestion } from '../find-store.ts'
import { keptViewOf } from './kept-view.ts'
import type { GuardView } from './live.ts'

/** What the store holds; `undefined` where nothing is saved yet, or nothing can be read now. */
export async function guardViewOf(question: StoreQuestion): Promise<GuardView | undefined> {
  const status = await statusOf(question)
  if (!status.ok) return undefined
  const { progress, epochs, logs } = status.value
  const { seal, analyse } = progress?.results ?? {}
  const kept = await keptViewOf(question)
  return {
    ...(progress === undefined ? {} : { commit: progress.commit }),
    ...(seal === undefined ? {} : { sealed: seal }),
    ...(analyse === undefined ? {} : { digest: analyse.digest }),
    ...(kept === undefined ? {} : { kept }),
    epochsKept: epochs,
    published: logs.published.map(({ log, position, commit, root, publishedAt }) => {
      return { branch: branchOf(log), position, commit, root, publishedAt }
    }),
    damaged: logs.damaged.map(({ log, reason }) => ({ branch: branchOf(log), reason })),
  }
}
