import { join } from 'node:path'
import {
  attempt,
  coreError,
  thrownError,
  unwrap,
  type AsyncResult,
  type CheckpointError,
} from '@tidemark/core'
import { EXIT, exitCodeOf } from '../exit-code.ts'
import { BAR_WIDTH, progressFor } from '../progress.ts'
import { track } from '../report/bars.ts'
import { formatCount, formatNoun } from '../report/format.ts'
import { pageFor, type Page } from '../report/page.ts'
import { renderReport } from '../report/render.ts'
import { reportOf } from '../report/report.ts'
import { run } from '../run.ts'
import type { Surroundings } from '../surroundings.ts'
import { randomFrom } from './random.ts'
import {
  runProcess,
  type Finished,
  type ProcessEnd,
  type ProcessProgress,
} from './strata-process.ts'
import { findSubject } from './subject.ts'

/** What the demo needs. */
export interface DemoOptions extends Surroundings {
  /** The repository that the reader named, if any. */
  readonly asked: string | undefined
  /** A directory of this very project. */
  readonly own: string
  /** How the reader can call `strata`. */
  readonly cli: string
  /** An empty directory. */
  readonly scratch: string
  /** Where the kill comes is random; the same seed kills at the same commit. */
  readonly seed: number
}

/** A history that is over before the kill arrives is tried again, so many times. */
const MAX_ATTEMPTS = 5

/**
 * Reads a history, reads it again and kills that run with SIGKILL, lets the same command go on,
 * and shows that nothing was lost: the digests are equal. Then the report, from the checkpoint
 * that was recovered. Gives the exit code.
 */
export async function showDemo(options: DemoOptions): Promise<number> {
  const page = pageFor(options.out, options.environment)
  const ended = await attempt(() => story(options, page), thrownError<CheckpointError>)
  if (ended.ok) return ended.value
  options.out.write(`  ${page.paint.bad('✗')} ${ended.error.message}\n\n`)
  return exitCodeOf(ended.error)
}

async function story(options: DemoOptions, page: Page): Promise<number> {
  const { bold, faint } = page.paint
  const say = sayTo(options)
  say()
  say(`${bold('Tidemark')}  ${faint('checkpoints that survive kill -9')}`)
  say()
  const { path, description } = unwrap(await findSubject(options))
  say(`the history: ${description}`)
  say()
  const untouched = await readInOneGo(options, page, path)
  if (untouched.commitsRead === 0) {
    say('there are no commits yet; name another repository')
    return EXIT.failed
  }
  const store = await readAndKill(options, page, path, untouched.commitsRead)
  const isEqual = await readOn(options, page, { path, store, untouched })
  await report(options, page, { path, store })
  return isEqual ? EXIT.done : EXIT.failed
}

async function readInOneGo(options: DemoOptions, page: Page, path: string): Promise<Finished> {
  const say = sayTo(options)
  say(`${page.paint.bold('1')}  read it in one go`)
  const startedAt = options.now()
  const untouched = await finish(options, page, path, join(options.scratch, 'untouched'), 500)
  const seconds = ((options.now() - startedAt) / 1000).toFixed(1)
  const total = untouched.commitsRead
  const bar = track({ resumedFrom: 0, position: total, total }, BAR_WIDTH, page.paint)
  say(`   ${bar}  ${formatNoun(total, 'commit')} read in ${seconds} s`)
  say(`   digest ${untouched.digest}`)
  say()
  return untouched
}

/** Kills a run at a random commit. Gives the store that it leaves behind. */
async function readAndKill(
  options: DemoOptions,
  page: Page,
  path: string,
  total: number,
): Promise<string> {
  const { scratch, seed } = options
  const { bold, faint } = page.paint
  const say = sayTo(options)
  say(`${bold('2')}  read it again, and kill -9 on the way  ${faint(`(seed ${seed})`)}`)
  const random = randomFrom(seed)
  let store = ''
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const killAt = random.between(Math.ceil(total * 0.25), Math.floor(total * 0.9))
    store = join(scratch, `killed-${attempt}`)
    const every = saveEvery(total)
    const end = await withBar(options, page, (onProgress) =>
      runProcess({ path, store, every, killAt, onProgress, environment: options.environment }),
    )
    if (end.kind === 'finished') continue
    const bar = track({ resumedFrom: 0, position: end.position, total }, BAR_WIDTH, page.paint)
    say(`   ${bar}  killed at commit ${formatCount(end.position)} of ${formatCount(total)}`)
    say()
    return store
  }
  say('   it is over before the kill arrives: this history is too short for that')
  say()
  return store
}

/** Lets the same command go on, and compares. */
async function readOn(
  options: DemoOptions,
  page: Page,
  { path, store, untouched }: { path: string; store: string; untouched: Finished },
): Promise<boolean> {
  const { bold, good, bad } = page.paint
  const say = sayTo(options)
  const total = untouched.commitsRead
  say(`${bold('3')}  the same command once more`)
  const resumed = await finish(options, page, path, store, saveEvery(total))
  const { resumedFrom } = resumed
  const bar = track({ resumedFrom, position: total, total }, BAR_WIDTH, page.paint)
  say(`   ${bar}  resumed at commit ${formatCount(resumedFrom)} of ${formatCount(total)}`)
  say(`   digest ${resumed.digest}`)
  const isEqual = resumed.digest === untouched.digest
  if (isEqual) say(`   ${good('digest equals the untouched run ✓')}`)
  else say(`   ${bad('digest differs from the untouched run ✗')}`)
  say()
  return isEqual
}

/** The report, from the checkpoint that outlived the kill; and what to do next. */
async function report(
  options: DemoOptions,
  page: Page,
  { path, store }: { path: string; store: string },
): Promise<void> {
  const { bold, faint } = page.paint
  const say = sayTo(options)
  const onEvent = (): void => undefined
  const { state } = unwrap(
    await run({ ...options, path, store, from: 'update', every: 500, onEvent }),
  )
  say(faint('─'.repeat(page.width - 2)))
  options.out.write(`\n${renderReport(state, reportOf(state), page)}\n`)
  say(faint('─'.repeat(page.width - 2)))
  say()
  say('Now your own repository. Interrupt it: it resumes.')
  say()
  say(`   ${bold(`node ${options.cli} run ~/your/repository`)}`)
  say()
}

/** About fifteen checkpoints: enough for a kill to land between two of them. */
function saveEvery(total: number): number {
  return Math.min(Math.max(Math.round(total / 15), 1), 500)
}

async function finish(
  options: DemoOptions,
  page: Page,
  path: string,
  store: string,
  every: number,
): Promise<Finished> {
  const { environment } = options
  const end = await withBar(options, page, (onProgress) =>
    runProcess({ path, store, every, onProgress, environment }),
  )
  if (end.kind === 'finished') return end
  const message = 'somebody else killed strata'
  throw coreError('ABORTED', message, { operation: 'run', committed: 'unknown' })
}

/** Draws a bar while a process runs, where there is a terminal to draw it on. */
async function withBar(
  { out, now }: DemoOptions,
  { paint }: Page,
  start: (onProgress: (event: ProcessProgress) => void) => AsyncResult<ProcessEnd, CheckpointError>,
): Promise<ProcessEnd> {
  if (!out.isTerminal) return unwrap(await start(() => undefined))
  const progress = progressFor({ write: out.write, isTerminal: true, paint, now })
  const end = await start(progress.show)
  progress.clear()
  return unwrap(end)
}

function sayTo({ out }: DemoOptions): (text?: string) => void {
  return (text = '') => out.write(text === '' ? '\n' : `  ${text}\n`)
}
