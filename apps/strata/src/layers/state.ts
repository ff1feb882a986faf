import { err, ok, type Result } from '@tidemark/core'
import { strataError, type StrataError } from '../errors.ts'
import type { Commit, Edit, FileChange, Hunks } from '../history/commit.ts'
import { addAuthor, authorOf, type Author, type Authors } from './authors.ts'
import { bindChanges } from './bind-changes.ts'
import { applyHunks, bornOn, countLines, NO_LINES, type Birth, type Births } from './births.ts'
import { noCoChanges, type CoChanges } from './co-changes.ts'
import { showPath } from './show-path.ts'

/**
 * All that is known after a commit: for each file when and of whom each of its lines was born, how
 * much it was changed, and together with which others. A function of the commit and its ancestors alone: no clock, no settings.
 */
export interface State {
  /** Where the history begins, and whether it was cut there (a shallow clone). */
  readonly origin: Origin | undefined
  /** The commit reached; `undefined` before the first. */
  commit: string | undefined
  /** The number of commits read to get here, from the very first. */
  position: number
  /** The earliest and the latest day that a commit names: whole days since 1970-01-01. */
  firstDay: number
  lastDay: number
  /** The regular files there are, by path: one character per byte, in no order. */
  readonly files: Map<string, SourceFile>
  readonly authors: Authors
  /** What binds the files that there are. */
  readonly coChanges: CoChanges
}

/** The first commit of the first-parent line. */
export interface Origin {
  readonly commit: string
  readonly cut: boolean
}

/** What is known of one file. */
export interface SourceFile {
  readonly births: Births
  readonly binary: boolean
  /** The number of commits that touched it. */
  readonly commits: number
  /** Lines added and taken away after the commit that made it. */
  readonly churn: number
}

/** Before the first commit of a history. */
export function emptyState(origin: Origin | undefined): State {
  return {
    origin,
    commit: undefined,
    position: 0,
    firstDay: 0,
    lastDay: 0,
    files: new Map<string, SourceFile>(),
    authors: new Map<string, Author>(),
    coChanges: noCoChanges(),
  }
}

/**
 * Goes on by one commit. `HISTORY_MISMATCH` when its differences do not fit the lines known so
 * far: the state stays as it was.
 */
export function applyCommit(
  state: State,
  commit: Commit,
): Result<void, StrataError<'HISTORY_MISMATCH'>> {
  const author = authorOf(state.authors, commit.author)
  const birth = { day: commit.day, author: author.number }
  const next = new Map<string, SourceFile | undefined>()
  for (const change of commit.changes) {
    const file = change.kind === 'file' ? changed(state, change, birth) : undefined
    if (change.kind === 'file' && file === undefined) return err(mismatch(commit.id, change.path))
    next.set(change.path, file)
  }
  for (const [path, file] of next) {
    if (file === undefined) state.files.delete(path)
    else state.files.set(path, file)
  }
  state.firstDay = state.position === 0 ? commit.day : Math.min(state.firstDay, commit.day)
  state.lastDay = state.position === 0 ? commit.day : Math.max(state.lastDay, commit.day)
  state.commit = commit.id
  state.position += 1
  addAuthor(state.authors, author)
  bindChanges(state.coChanges, commit.changes, state.position)
  return ok()
}

/** The file after a change, or `undefined` if the change does not fit. */
function changed(state: State, change: FileChange, birth: Birth): SourceFile | undefined {
  const { from, edit } = change
  if (from === undefined) {
    const births = birthsAfter(NO_LINES, edit, birth)
    return births && { births, binary: edit.kind === 'binary', commits: 1, churn: 0 }
  }
  const before = state.files.get(from)
  const births = before && birthsAfter(before.births, edit, birth)
  if (before === undefined || births === undefined) return undefined
  const untouched = edit.kind === 'hunks' && edit.hunks.length === 0
  return {
    births,
    binary: untouched ? before.binary : edit.kind === 'binary',
    commits: before.commits + 1,
    churn: before.churn + churnOf(before.births, edit),
  }
}

function birthsAfter(births: Births, edit: Edit, birth: Birth): Births | undefined {
  if (edit.kind === 'binary') return NO_LINES
  if (edit.kind === 'rewritten') return bornOn(birth, edit.lines)
  return edit.hunks.length === 0 ? births : applyHunks(births, edit.hunks, birth)
}

function churnOf(before: Births, edit: Edit): number {
  if (edit.kind === 'binary') return countLines(before)
  if (edit.kind === 'rewritten') return countLines(before) + edit.lines
  return linesIn(edit.hunks)
}

function linesIn(hunks: Hunks): number {
  let lines = 0
  for (let i = 1; i < hunks.length; i += 2) lines += hunks[i] ?? 0
  return lines
}

function mismatch(commit: string, path: string): StrataError<'HISTORY_MISMATCH'> {
  const shown = showPath(path)
  const message =
    `commit ${commit} changes lines of ${shown} that Strata does not know of. ` +
    'Start again with --fresh; if it happens again, it is a bug of Strata'
  return strataError('HISTORY_MISMATCH', message, { commit, path: shown })
}
