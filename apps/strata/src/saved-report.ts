import { attempt, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { findStore, type StoreQuestion } from './find-store.ts'
import { openToLook } from './kept/open.ts'
import { loadReport, noReport, type SavedReport } from './kept/report.ts'
import { logOfBranch } from './published-root.ts'
import { logOf } from './publish.ts'

/**
 * The report that the last finished run of a branch saved. Reads no history. A report that is not
 * what was saved is refused; `CHECKPOINT_NOT_FOUND` where there is none.
 */
export async function savedReport(
  question: StoreQuestion,
  branch: string | undefined,
): AsyncResult<SavedReport, Failure> {
  const found = await findStore(question)
  if (!found.ok) return found
  const { store, repository } = found.value
  const log = branch === undefined ? logOf({ branch: repository?.branch }) : logOfBranch(branch)
  const look = async (): Promise<SavedReport> => {
    const { environment } = question
    const kept = unwrap(await openToLook({ ...found.value, environment }))
    if (kept === undefined) throw noReport(log)
    const report = await loadReport(kept, log)
    await kept.close()
    return unwrap(report)
  }
  const report = await attempt(look, thrownError<Failure>)
  await store.close()
  return report
}
