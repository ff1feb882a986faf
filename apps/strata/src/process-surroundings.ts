import { EXIT } from './exit-code.ts'
import type { Output, Surroundings } from './surroundings.ts'

/**
 * One press of Ctrl-C can arrive twice, from the terminal and from whoever started this process.
 * Only a signal that comes later than this is another one.
 */
const SAME_SIGNAL_MS = 1000

/**
 * The surroundings of this process. The first SIGINT or SIGTERM asks the run to end and save its
 * place; another one ends the process at once, which costs no more than a kill does.
 */
export function processSurroundings(): Surroundings {
  const interruption = new AbortController()
  let firstAt: number | undefined
  const onSignal = (name: NodeJS.Signals): void => {
    if (firstAt !== undefined && performance.now() - firstAt > SAME_SIGNAL_MS) {
      process.exit(name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
    }
    firstAt ??= performance.now()
    interruption.abort(name)
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return {
    directory: process.cwd(),
    environment: process.env,
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    signal: interruption.signal,
    now: () => performance.now(),
    date: () => new Date(),
  }
}

function outputOf(stream: NodeJS.WriteStream): Output {
  // Whoever read this has gone (`strata run | head`): there is nobody left to tell.
  stream.on('error', () => undefined)
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
    columns: stream.columns,
  }
}
