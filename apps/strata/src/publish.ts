import { addDetails, coreError, unwrap, type BlobStore } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { askGit, type GitPlace } from './history/git.ts'
import { listCommits } from './history/list-commits.ts'
import type { Repository } from './history/repository.ts'
import { short } from './notices.ts'
import { branchOf, type PublishedRoot } from './published-root.ts'
import { formatNoun } from './report/format.ts'
import { latestOf, publish, readLogs, type Latest } from './tidemark/log-persistence.ts'
import { keepSealed } from './tidemark/mkvs-chunks.ts'

/** What is on no branch has this log. It promises nothing, so it may go anywhere. */
const DETACHED = 'HEAD'

/** The name of the log that a repository's result belongs to. */
export function logOf({ branch }: Pick<Repository, 'branch'>): string {
  return branch ?? DETACHED
}

/**
 * Looks at the log of the branch that is checked out, before anything is read: its commit must be
 * on the line to the present one. Throws `ROLLBACK_DETECTED` when it is not: somebody has rewritten
 * what was published.
 */
export async function expectForward(
  repository: Repository,
  git: GitPlace,
  store: BlobStore,
): Promise<Latest> {
  const log = logOf(repository)
  const latest = unwrap(await latestOf(store, log))
  const { head } = repository
  const { published } = latest
  if (log === DETACHED || head === undefined || published === undefined) return latest
  if (await isOnLine(git, head, published.commit)) return latest
  const { accepted } = published
  if (accepted !== undefined && (await isOnLine(git, head, accepted))) return latest
  throw await rewritten(git, head, published)
}

/**
 * Publishes a root in the log that was looked at, unless it says so already; then gives up the
 * sealed results that no log names any more.
 */
export async function publishRoot(
  store: BlobStore,
  seen: Latest,
  next: PublishedRoot,
): Promise<void> {
  if (!saysTheSame(seen.published, next)) unwrap(await publish(store, seen, next))
  const { published, damaged } = unwrap(await readLogs(store))
  // What a damaged log names is not known, and must be there when the log is put back.
  if (damaged.length > 0) return
  unwrap(await keepSealed(store, new Set(published.map(({ root }) => root))))
}

function saysTheSame(published: PublishedRoot | undefined, next: PublishedRoot): boolean {
  if (published === undefined || published.accepted !== undefined) return false
  const { commit, position, root } = published
  return commit === next.commit && position === next.position && root === next.root
}

async function isOnLine(git: GitPlace, head: string, commit: string): Promise<boolean> {
  return commit === head || (await listCommits(git, head, commit)).after === commit
}

async function rewritten(
  git: GitPlace,
  head: string,
  { log, commit, position }: PublishedRoot,
): Promise<Failure> {
  const count = unwrap(await askGit(git, ['rev-list', '--count', '--first-parent', head]))
  const branch = branchOf(log)
  const message =
    `${branch} was published at commit ${short(commit)} (${formatNoun(position, 'commit')}), and ` +
    `${short(head)} (${formatNoun(Number(count), 'commit')}) does not go on from it: the history ` +
    `of ${branch} was rewritten. If that is right: \`strata log --accept ${branch}\``
  const details = { identifier: log, found: Number(count), expected: position }
  const rollback = coreError('ROLLBACK_DETECTED', message, details)
  return addDetails(rollback, { published: commit, offered: head })
}
