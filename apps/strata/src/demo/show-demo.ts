import { join } from 'node:path'
import { attempt, coreError, thrownError, unwrap, type CheckpointError } from '@tidemark/core'
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
  type ProcessOptions,
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

/** What every part of the demo has at hand. */
interface Stage extends DemoOptions {
  readonly page: Page
  /** Writes a line; nothing writes an empty one. */
  readonly say: (text?: string) => void
}

/** A history and where its place is saved. */
interface Scene {
  readonly path: string
  readonly store: string
}

/**
 * Reads a history, reads it again and kills that run with SIGKILL, lets the same command go on,
 * and shows that nothing was lost: the digests are equal. Then the report, from the checkpoint
 * that was recovered. Gives the exit code.
 */
export async function showDemo(options: DemoOptions): Promise<number> {
  const page = pageFor(options.out, options.environment)
  const say = (text = ''): void => options.out.write(text === '' ? '\n' : `  ${text}\n`)
  const ended = await attempt(() => story({ ...options, page, say }), thrownError<CheckpointError>)
  if (ended.ok) return ended.value
  say(`${page.paint.bad('✗')} ${ended.error.message}`)
  say()
  return exitCodeOf(ended.error)
}

async function story(stage: Stage): Promise<number> {
  const { page, say, scratch } = stage
  say()
  say(`${page.paint.bold('Tidemark')}  ${page.paint.faint('checkpoints that survive kill -9')}`)
  say()
  const { path, description } = unwrap(await findSubject(stage))
  say(`the history: ${description}`)
  say()
  const untouched = await readInOneGo(stage, { path, store: join(scratch, 'untouched') })
  if (untouched.commitsRead === 0) {
    say('there are no commits yet; name another repository')
    return EXIT.failed
  }
  const scene = { path, store: await readAndKill(stage, path, untouched.commitsRead) }
  const isEqual = await readOn(stage, scene, untouched)
  await report(stage, scene)
  return isEqual ? EXIT.done : EXIT.failed
}

async function readInOneGo(stage: Stage, scene: Scene): Promise<Finished> {
  const { say, page, now } = stage
  say(`${page.paint.bold('1')}  read it in one go`)
  const startedAt = now()
  const untouched = await finish(stage, { ...scene, every: MAX_EVERY })
  const seconds = ((now() - startedAt) / 1000).toFixed(1)
  const total = untouched.commitsRead
  const bar = track({ resumedFrom: 0, position: total, total }, BAR_WIDTH, page.paint)
  say(`   ${bar}  ${formatNoun(total, 'commit')} read in ${seconds} s`)
  say(`   digest ${untouched.digest}`)
  say()
  return untouched
}

/** Kills a run at a random commit. Gives the store that it leaves behind. */
async function readAndKill(stage: Stage, path: string, total: number): Promise<string> {
  const { say, page, scratch, seed } = stage
  say(`${page.paint.bold('2')}  read it again, and kill -9 on the way  (seed ${seed})`)
  const random = randomFrom(seed)
  let store = ''
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const killAt = random.between(Math.ceil(total * 0.25), Math.floor(total * 0.9))
    store = join(scratch, `killed-${attempt}`)
    const end = await withBar(stage, { path, store, every: saveEvery(total), killAt })
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
async function readOn(stage: Stage, scene: Scene, untouched: Finished): Promise<boolean> {
  const { say, page } = stage
  const { bold, good, bad } = page.paint
  const total = untouched.commitsRead
  say(`${bold('3')}  the same command once more`)
  const resumed = await finish(stage, { ...scene, every: saveEvery(total) })
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
async function report(stage: Stage, scene: Scene): Promise<void> {
  const { say, page, out, cli } = stage
  const rule = page.paint.faint('─'.repeat(page.width - 2))
  const onEvent = (): void => undefined
  const { state } = unwrap(
    await run({ ...stage, ...scene, from: 'update', every: MAX_EVERY, onEvent }),
  )
  say(rule)
  out.write(`\n${renderReport(state, reportOf(state), page)}\n`)
  say(rule)
  say()
  say('Now your own repository. Interrupt it: it resumes.')
  say()
  say(`   ${page.paint.bold(`node ${cli} run ~/your/repository`)}`)
  say()
  say('And the same as a web page, live, with buttons that break things:')
  say()
  say(`   ${page.paint.bold(`node ${cli} serve ~/your/repository`)}`)
  say()
}

/** As often as `strata run` by itself. */
const MAX_EVERY = 500

/** About fifteen checkpoints: enough for a kill to land between two of them. */
function saveEvery(total: number): number {
  return Math.min(Math.max(Math.round(total / 15), 1), MAX_EVERY)
}

/** What of a process differs from one to the next. */
type Part = Pick<ProcessOptions, 'path' | 'store' | 'every' | 'killAt'>

async function finish(stage: Stage, part: Part): Promise<Finished> {
  const end = await withBar(stage, part)
  if (end.kind === 'finished') return end
  const message = 'somebody else killed strata'
  throw coreError('ABORTED', message, { operation: 'run', committed: 'unknown' })
}

/** Runs a process and draws a bar meanwhile, where there is a terminal to draw it on. */
async function withBar(stage: Stage, part: Part): Promise<ProcessEnd> {
  const { out, now, page, environment } = stage
  const progress = progressFor({ write: out.write, isTerminal: true, paint: page.paint, now })
  const onProgress = out.isTerminal ? progress.show : (): void => undefined
  const end = await runProcess({ ...part, environment, onProgress })
  progress.clear()
  return unwrap(end)
}
