import { ByteInput, latin1, unknownOutput } from './byte-input.ts'
import type { Signature } from './commit.ts'
import { startGit, type GitPlace } from './git.ts'

/** A stretch of the first-parent line, oldest first. */
export interface CommitList {
  /** The first parent of the oldest commit; `undefined` where the history begins or was cut. */
  readonly after: string | undefined
  readonly ids: readonly string[]
  /** For each commit the day it was committed: whole days since 1970-01-01, UTC. */
  readonly days: readonly number[]
  /** For each commit who wrote it. */
  readonly authors: readonly Signature[]
}

/** No commits at all. */
export const NO_COMMITS: CommitList = { after: undefined, ids: [], days: [], authors: [] }

/** Git ends a name at the first angle bracket, so one tells where it ends. */
const FORM = '--format=%H %ct %P<%an<%ae'

const LINE_FEED = 0x0a
const SECONDS_PER_DAY = 86_400

/** Days from year 0 to 9999: what lies outside is no date that anybody meant. */
const FIRST_DAY = -719_528
const LAST_DAY = 2_932_896

/** Nobody's name or address is longer. */
const MAX_SIGNATURE_LENGTH = 256

/**
 * Lists the first-parent line that leads to `head`, without what `after` already contains: the
 * time it takes is proportional to what is new. Throws a `GitError`.
 */
export async function listCommits(
  git: GitPlace,
  head: string,
  after?: string,
): Promise<CommitList> {
  const exclude = after === undefined ? [] : [`^${after}`]
  const args = ['rev-list', '--first-parent', '--reverse', '--ignore-missing', '--encoding=UTF-8']
  const list = startGit(git, [...args, FORM, head, ...exclude])
  list.input.end()
  const input = new ByteInput(list.output)
  const [ids, days, authors]: [string[], number[], Signature[]] = [[], [], []]
  let parent: string | undefined
  try {
    while ((await input.peek()) !== undefined) {
      await input.until(LINE_FEED) // `commit …`, which git writes before every format
      const [commit = '', name = '', ...email] = latin1(await input.until(LINE_FEED)).split('<')
      const [id, seconds, firstParent] = commit.split(' ')
      if (id === undefined || seconds === undefined) throw unknownOutput('a commit and its date')
      if (ids.length === 0) parent = firstParent === '' ? undefined : firstParent
      ids.push(id)
      days.push(dayOf(seconds))
      authors.push({ name: shortened(name), email: shortened(email.join('<')) })
    }
  } finally {
    await list.stop()
  }
  return { after: parent, ids, days, authors }
}

function shortened(text: string): string {
  return text.slice(0, MAX_SIGNATURE_LENGTH)
}

/** A commit can claim any date, and none: what cannot be read as one is the first day of 1970. */
function dayOf(seconds: string): number {
  const day = Math.floor(Number(seconds) / SECONDS_PER_DAY)
  return Number.isFinite(day) ? Math.min(Math.max(day, FIRST_DAY), LAST_DAY) : 0
}
