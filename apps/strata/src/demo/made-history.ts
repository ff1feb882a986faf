import * as project from './made-project.ts'
import { randomFrom, type Random } from './random.ts'
import { madeMessage } from './words.ts'

/** A made-up history: how it comes about and how long it is. */
export interface HistoryPlan {
  /** Equal seeds make equal histories, to the commit. */
  readonly seed: number
  /** The commits of the main line. Those of merged branches come on top. */
  readonly commits: number
}

/** It starts on 2017-03-06 and takes eight years: fixed, so that no clock is in the history. */
const START_SECONDS = Date.UTC(2017, 2, 6, 8) / 1000
const YEARS = 8
const YEAR_SECONDS = 365.25 * 86_400

const AUTHORS = [
  'Ada Strandberg <ada@harbour.example>',
  'Ben Okafor <ben@harbour.example>',
  'Chiyo Mori <chiyo@harbour.example>',
  'Dov Reyes <dov@harbour.example>',
  'Elif Kaya <elif@harbour.example>',
] as const

/**
 * The history of a made-up project of eight years as a stream for `git fast-import`: features and
 * fixes, merged branches, files and whole directories that move, and a few files that everybody
 * has to change all the time.
 */
export function* madeHistory({ seed, commits }: HistoryPlan): Generator<string, void> {
  const random = randomFrom(seed)
  const writer: Writer = { random, files: project.newProject(), mark: 0 }
  let tip: number | undefined
  for (let i = 0; i < commits; i += 1) {
    // More people over the years: the commits come faster.
    const seconds = START_SECONDS + Math.floor(YEARS * YEAR_SECONDS * (i / commits) ** 0.8)
    if (i > 10 && random.chance(0.12)) {
      tip = yield* mergedBranch(writer, tip, seconds)
    } else {
      const changes = work(writer, i, commits)
      const blobs = yield* writeBlobs(writer, changes)
      tip = yield* writeCommit(writer, { seconds, parents: [tip], blobs })
    }
  }
}

interface Writer {
  readonly random: Random
  readonly files: project.Project
  mark: number
}

/** The content of each changed path: the mark of a blob, `undefined` where it is gone. */
type Blobs = readonly (readonly [path: string, mark: number | undefined])[]

interface CommitToWrite {
  readonly seconds: number
  readonly parents: readonly (number | undefined)[]
  readonly blobs: Blobs
}

function work({ random, files }: Writer, index: number, commits: number): project.Changes {
  const changes: project.Changes = new Map()
  if (index === 0) for (let i = 0; i < 12; i += 1) project.addFile(files, random, changes)
  else if (index % Math.ceil(commits / 6) === 0) project.moveModule(files, random, changes)
  else if (random.chance(0.12)) project.addFile(files, random, changes)
  else if (random.chance(0.05)) project.rewriteFile(files, random, changes)
  else if (random.chance(0.02)) project.moveFile(files, random, changes)
  else if (random.chance(0.03)) project.dropFile(files, random, changes)
  for (let edits = random.between(1, 2); edits > 0; edits -= 1) {
    if (files.files.size > 0) project.editFile(files, random, changes)
  }
  if (random.chance(0.004)) project.addModule(files, random)
  return changes
}

/** A branch of a few commits, and the merge that brings it to the main line. */
function* mergedBranch(
  writer: Writer,
  base: number | undefined,
  seconds: number,
): Generator<string, number> {
  const { random, files } = writer
  const all = new Map<string, number | undefined>()
  let tip = base
  for (let left = random.between(1, 3); left > 0; left -= 1) {
    const changes: project.Changes = new Map()
    if (random.chance(0.3)) project.addFile(files, random, changes)
    project.editFile(files, random, changes)
    const blobs = yield* writeBlobs(writer, changes)
    for (const [path, mark] of blobs) all.set(path, mark)
    tip = yield* writeCommit(writer, { seconds: seconds - left * 900, parents: [tip], blobs })
  }
  const parents = [base, tip]
  return yield* writeCommit(writer, { seconds, parents, blobs: [...all] })
}

function* writeBlobs(writer: Writer, changes: project.Changes): Generator<string, Blobs> {
  const blobs: [string, number | undefined][] = []
  for (const [path, lines] of changes) {
    if (lines === undefined) {
      blobs.push([path, undefined])
      continue
    }
    writer.mark += 1
    const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`
    yield `blob\nmark :${writer.mark}\ndata ${text.length}\n${text}\n`
    blobs.push([path, writer.mark])
  }
  return blobs
}

function* writeCommit(writer: Writer, commit: CommitToWrite): Generator<string, number> {
  const { random } = writer
  writer.mark += 1
  const [parent, merged] = commit.parents
  const who = `${random.pick(AUTHORS)} ${commit.seconds} +0000`
  const message =
    merged === undefined
      ? madeMessage(random, random.pick(['Fix', 'Measure', 'Improve', 'Simplify', 'Chart']))
      : madeMessage(random, 'Merge')
  const lines = [
    'commit refs/heads/main',
    `mark :${writer.mark}`,
    `author ${who}`,
    `committer ${who}`,
    `data ${message.length}`,
    message,
  ]
  if (parent !== undefined) lines.push(`from :${parent}`)
  if (merged !== undefined) lines.push(`merge :${merged}`)
  for (const [path, mark] of commit.blobs) {
    lines.push(mark === undefined ? `D ${path}` : `M 100644 :${mark} ${path}`)
  }
  yield `${lines.join('\n')}\n\n`
  return writer.mark
}
