// One run that is killed after so many milliseconds, wherever it is, and what it was heard to do.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ENVIRONMENT } from '../../bench/process.mjs'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

/** What a run does after it was heard to be done with a phase. */
const NEXT = { plan: 'reading', replay: 'analysing', analyse: 'sealing', seal: 'publishing' }
const DOING = { read: 'reading', saving: 'saving', saved: 'reading' }

/**
 * Lets a run live for so many milliseconds after it began to `count`: at its start, or when it has
 * found where to go on. Throws what ends it by itself other than well.
 */
export async function killedRun(args, environment, { afterMs, count }) {
  const [begun, over] = [performance.now(), new AbortController()]
  const child = spawn(process.execPath, [CLI, ...args, '--json'], {
    env: { ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  const run = { from: undefined, seen: 0, saved: 0, during: 'starting', startMs: 0 }
  const strike = () =>
    sleep(afterMs, undefined, { signal: over.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    )
  if (count === 'at once') void strike()
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  createInterface({ input: child.stderr }).on('line', (line) => {
    const { kind, position, phase } = eventIn(line)
    if (kind === 'started') {
      Object.assign(run, { from: position, seen: position, startMs: performance.now() - begun })
      if (count === 'when started') void strike()
    }
    if (kind === 'read' || kind === 'saving') run.seen = position
    if (kind === 'saved') run.saved = position
    run.during = (kind === 'phase' ? (NEXT[phase] ?? 'ending') : DOING[kind]) ?? run.during
  })
  const [status, signal] = await closed
  over.abort()
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`it ended with ${status}: ${said}`)
  return { ...run, isKilled: signal === 'SIGKILL', ms: performance.now() - begun }
}

/** The last line of who is killed may be a part of one. */
function eventIn(line) {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}
