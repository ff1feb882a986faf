import { Readable } from 'node:stream'
import { BlobLines } from './blob-lines.ts'
import { ByteInput, unknownOutput } from './byte-input.ts'
import type { Change, Commit, Edit } from './commit.ts'
import { startGit, type GitPlace } from './git.ts'
import type { CommitList } from './list-commits.ts'
import { readAhead } from './read-ahead.ts'
import { parsePatches, type Patch } from './parse-patches.ts'

/** The form of the output: see `parsePatches`. */
export const FORM: readonly string[] = ['-z', '--raw', '--patch', '--format=%x01%H']

/**
 * How differences are made. Everything that changes them is said here, so that no default of this
 * or another git decides. A commit is compared with its first parent, the first with nothing. A
 * file that was moved keeps its lines if at least half of it is the same; when more than 400 files
 * moved at once, if it is the same to the byte: comparing each with each would take minutes.
 */
export const MEANING: readonly string[] = [
  '--root',
  '--unified=0',
  '--inter-hunk-context=0',
  '--diff-algorithm=myers',
  '--indent-heuristic',
  '--find-renames=50%',
  '-l400',
  '--ignore-submodules=none',
  '--submodule=short',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
]

/** Some dozens of usual commits, or one that changes very much: more only makes the engine tidy up. */
const MAX_AHEAD = 2000

/**
 * Reads the commits of a list, one after the other, as git finds their differences. A few are in
 * memory, read ahead of the one at hand; a slow reader slows git down.
 *
 * Throws a `GitError`. Leaving the loop early ends git.
 */
export function readHistory(git: GitPlace, list: CommitList): AsyncGenerator<Commit, void> {
  return readAhead(commitsOf(git, list), { weigh: numbersIn, maxWeight: MAX_AHEAD })
}

/** The numbers that say what a commit changes, and one for each name. */
function numbersIn({ changes }: Commit): number {
  let numbers = 1
  for (const change of changes) {
    const hunks = change.kind === 'file' && change.edit.kind === 'hunks' ? change.edit.hunks : []
    numbers += 10 + hunks.length
  }
  return numbers
}

async function* commitsOf(git: GitPlace, list: CommitList): AsyncGenerator<Commit, void> {
  const args = ['diff-tree', '--stdin', '--always', '-r', ...FORM, ...MEANING]
  const differences = startGit(inPortions(git), args)
  const blobs = new BlobLines(git)
  Readable.from(requestsOf(list)).pipe(differences.input)
  try {
    let index = 0
    for await (const { id, patches } of parsePatches(new ByteInput(differences.output))) {
      const [day, author] = [list.days[index], list.authors[index]]
      if (day === undefined || author === undefined || id !== list.ids[index])
        throw unknownOutput('the next commit')
      yield { id, day, author, changes: await changesOf(patches, blobs) }
      index += 1
    }
    if (index < list.ids.length) throw unknownOutput('another commit')
  } finally {
    await differences.stop()
    await blobs.close()
  }
}

/** So that git does not write each commit apart: nobody waits for the one at hand. */
function inPortions({ directory, environment }: GitPlace): GitPlace {
  return { directory, environment: { ...environment, GIT_FLUSH: '0' } }
}

/** So many commits are asked for at once. */
const REQUESTS = 64

/** For each commit its id and the parent to compare it with: the commit before it in the list. */
function* requestsOf({ ids, after }: CommitList): Generator<string, void> {
  for (let from = 0; from < ids.length; from += REQUESTS) {
    const portion = ids.slice(from, from + REQUESTS).map((id, i) => {
      const parent = ids[from + i - 1] ?? after
      return parent === undefined ? `${id}\n` : `${id} ${parent}\n`
    })
    yield portion.join('')
  }
}

async function changesOf(patches: readonly Patch[], blobs: BlobLines): Promise<Change[]> {
  const changes: Change[] = []
  for (const patch of patches) {
    const from = isFile(patch.oldMode) ? patch.from : undefined
    if (isFile(patch.newMode)) {
      const edit = await editOf(patch, from, blobs)
      changes.push({ kind: 'file', path: patch.path, from, edit })
      if (patch.status === 'R') changes.push({ kind: 'gone', path: patch.from })
    } else if (from !== undefined) {
      changes.push({ kind: 'gone', path: from })
    }
  }
  return changes
}

async function editOf(patch: Patch, from: string | undefined, blobs: BlobLines): Promise<Edit> {
  if (!patch.binary) return { kind: 'hunks', hunks: patch.hunks }
  // A new file is itself what git found to be binary; of a changed one it may be the old content.
  const lines = from === undefined ? 'binary' : await blobs.count(patch.newObject)
  return lines === 'binary' ? { kind: 'binary' } : { kind: 'rewritten', lines }
}

/** Regular files are 100644 and 100755; a symbolic link is 120000, a submodule 160000. */
function isFile(mode: string): boolean {
  return mode.startsWith('100')
}
