import { EXIT, exitCodeOf } from '../exit-code.ts'
import { failureJson, JSON_VERSION } from '../report/json.ts'
import { pageFor, type Page } from '../report/page.ts'
import { endedBy } from '../run-command.ts'
import type { Surroundings } from '../surroundings.ts'
import type { ActName, ActView } from './chaos-view.ts'
import { chaos, type ChaosEvent } from './chaos.ts'

/** What the command line asks for. */
export interface ChaosCommandOptions {
  readonly seed: number
  readonly act: ActName | undefined
  readonly json: boolean
}

/** Breaks things and tells what came of it; gives the exit code. */
export async function chaosCommand(
  { seed, act, json }: ChaosCommandOptions,
  { out, err, environment, signal, date }: Surroundings,
): Promise<number> {
  const page = pageFor(out, environment)
  if (!json)
    out.write(`\n  ${page.paint.bold('Chaos')}  on a made-up repository  (seed ${seed})\n\n`)
  const onEvent = (event: ChaosEvent): void => {
    if (json) err.write(`${JSON.stringify(event)}\n`)
    else if (event.kind === 'outcome') out.write(renderAct(event, page))
  }
  const acts = act === undefined ? {} : { acts: [act] }
  const ended = await chaos({ seed, ...acts, environment, signal, date, onEvent })
  if (!ended.ok) {
    if (json) out.write(`${failureJson(ended.error)}\n`)
    else err.write(`${page.paint.bad('strata:')} ${ended.error.message}\n`)
    return signal.aborted ? endedBy(signal) : exitCodeOf(ended.error)
  }
  const { survived } = ended.value
  if (json) out.write(`${JSON.stringify({ strata: JSON_VERSION, ...ended.value })}\n`)
  return survived ? EXIT.done : EXIT.failed
}

function renderAct(
  { act, did, error, caughtBy, recovered, isSame }: ActView,
  { paint }: Page,
): string {
  const digest = isSame
    ? paint.good('digest equals the untouched run ✓')
    : paint.bad('digest differs ✗')
  const lines = [
    `  ${paint.bold(act.padEnd(18))}${did}`,
    `    ${paint.faint('caught by')}  ${caughtBy}${error === undefined ? '' : `: ${error.code}`}`,
    ...(error === undefined ? [] : [`               ${error.message}`]),
    `    ${paint.faint('recovered')}  ${recovered}`,
    `    ${digest}`,
  ]
  return `${lines.join('\n')}\n\n`
}
