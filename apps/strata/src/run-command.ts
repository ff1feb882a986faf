import { EXIT, exitCodeOf } from './exit-code.ts'
import type { Failure } from './errors.ts'
import { sentenceOf } from './kept/refusal.ts'
import { interruptedNotice, noticeOf } from './notices.ts'
import { progressEvents, progressFor, type Progress } from './progress.ts'
import { finale } from './report/finale.ts'
import { failureJson, jsonOf } from './report/json.ts'
import { pageFor } from './report/page.ts'
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
      err.write(`${paint.bad('strata:')} ${sentenceOf(failure)}\n`)
    },
  }
}

/** To programs: one JSON object on standard output, events as JSON lines beside it. */
function jsonVoice({ out, err }: Surroundings, detail = false): Voice {
  const progress: Progress = progressEvents(err.write)
  return {
    onEvent: progress.show,
    ended(result) {
      const { report } = result
      const told = detail ? reportOf(result.state, DETAILED) : report
      out.write(`${jsonOf({ ...result, report: told })}\n`)
    },
    failed(failure) {
      out.write(`${failureJson(failure)}\n`)
    },
  }
}

function interruption({ state, total }: RunResult): string {
  return `${interruptedNotice(state.position, total)}\n`
}
