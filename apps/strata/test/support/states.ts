import { unwrap } from '@tidemark/core'
import { bornOn, forEachRun, NO_LINES, type Births } from '../../src/layers/births.ts'
import { listCommits } from '../../src/history/list-commits.ts'
import { readHistory } from '../../src/history/read-history.ts'
import { openRepository } from '../../src/history/repository.ts'
import { sealGit } from '../../src/history/sealed-git.ts'
import { applyCommit, emptyState, type SourceFile, type State } from '../../src/layers/state.ts'
import { CLEAN } from './git.ts'
import { scratch } from './scratch.ts'
import { join } from 'node:path'

/** The state at the end of a repository's history. */
export async function stateOf(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = CLEAN,
): Promise<State> {
  const repository = unwrap(await openRepository(path, environment))
  const sealed = unwrap(await sealGit(repository, join(await scratch(), 'git'), environment))
  const list = await listCommits(sealed, repository.head ?? '')
  const state = emptyState({ commit: list.ids[0] ?? '', cut: false })
  for await (const commit of readHistory(sealed, list)) unwrap(applyCommit(state, commit))
  return state
}

/** The day of birth of each line of a file. */
export function birthDays(file: SourceFile | undefined): number[] {
  return eachLine(file?.births ?? NO_LINES).map(({ day }) => day)
}

/** The birth of each line. */
export function eachLine(births: Births): { day: number; author: number }[] {
  const lines: { day: number; author: number }[] = []
  forEachRun(births, (day, author, count) => {
    for (let left = count; left > 0; left -= 1) lines.push({ day, author })
  })
  return lines
}

/** Lines of one day, of the first author. */
export function born(day: number, lines: number): Births {
  return bornOn({ day, author: 0 }, lines)
}
