import { EXIT, exitCodeOf } from './exit-code.ts'
import type { Failure } from './errors.ts'
import { interruptedNotice, noticeOf, short } from './notices.ts'
import { progressEvents, progressFor, type Progress } from './progress.ts'
import { failureJson, jsonOf, type Incidents } from './report/json.ts'
import { pageFor, type Page } from './report/page.ts'
import { renderReport } from './report/render.ts'
import { DETAILED, reportOf } from './report/report.ts'
import { run, type RunOptions, type RunResult } from './run.ts'
import type { RunEvent } from './run-event.ts'
import type { Surroundings } from './surroundings.ts'

/** What the command line asks for. */
export interface CommandOptions extends Pick<
  RunOptions,
  'from' | 'path' | 'store' | 'every' | 'detail'
> {
  readonly json: boolean
}

/** Runs the pipeline and writes what comes of it; gives the exit code. */
export async function runCommand(
  options: CommandOptions,
  surroundings: Surroundings,
): Promise<number> {
  const voice = options.json ? jsonVoice(surroundings, options.detail) : humanVoice(surroundings)
  const { environment, signal, date } = surroundings
  const ended = await run({ ...options, environment, signal, date, onEvent: voice.onEvent })
  if (!ended.ok) {
    voice.failed(ended.error)
    return ended.error.code === 'ABORTED' && signal.aborted
      ? endedBy(signal)
      : exitCodeOf(ended.error)
  }
  voice.ended(ended.value)
  return ended.value.finished ? EXIT.done : endedBy(signal)
}

/** The exit code of what a signal has ended. */
export function endedBy({ reason }: AbortSignal): number {
  return reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted
}

/** How a run is told to whoever started it. */
interface Voice {
  readonly onEvent: (event: RunEvent) => void
  readonly ended: (result: RunResult) => void
  readonly failed: (failure: Failure) => void
}

/** To people: notices and the report on standard output, progress and failures beside it. */
function humanVoice({ out, err, environment, now }: Surroundings): Voice {
  const page = pageFor(out, environment)
  const { paint } = pageFor(err, environment)
  const { write, isTerminal } = err
  const progress = progressFor({ write, isTerminal, paint, now })
  return {
    onEvent(event) {
      const notice = noticeOf(event)
      if (notice !== undefined) {
        progress.clear()
        out.write(`${notice}\n`)
      }
      progress.show(event)
    },
    ended(result) {
      progress.clear()
      out.write(result.finished ? finale(result, page) : interruption(result))
    },
    failed(failure) {
      progress.clear()
      err.write(`${paint.bad('strata:')} ${failure.message}\n`)
    },
  }
}

/** To programs: one JSON object on standard output, events as JSON lines beside it. */
function jsonVoice({ out, err }: Surroundings, detail = false): Voice {
  const progress: Progress = progressEvents(err.write)
  const incidents: { -readonly [Key in keyof Incidents]: Incidents[Key] } = {
    checkpointsSkipped: [],
    startedAgain: undefined,
  }
  return {
    onEvent(event) {
      if (event.kind === 'started-again') incidents.startedAgain = event.reason
      if (event.kind === 'checkpoint-skipped') {
        const { epoch = null, reason } = event
        incidents.checkpointsSkipped = [...incidents.checkpointsSkipped, { epoch, reason }]
      }
      progress.show(event)
    },
    ended(result) {
      const report = detail ? reportOf(result.state, DETAILED) : reportOf(result.state)
      out.write(`${jsonOf(result, report, incidents)}\n`)
    },
    failed(failure) {
      out.write(`${failureJson(failure)}\n`)
    },
  }
}

/** The report; its last lines end with the root and the digest. */
function finale({ state, digest, sealed }: RunResult, page: Page): string {
  const where = state.commit === undefined ? '' : ` at ${short(state.commit)}`
  const root = sealed === undefined ? '' : `  root${where}    ${sealed.root}\n`
  return `\n${renderReport(state, reportOf(state), page)}\n${root}  digest${where}  ${digest}\n`
}

function interruption({ state, total }: RunResult): string {
  return `${interruptedNotice(state.position, total)}\n`
}
