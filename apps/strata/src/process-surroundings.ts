import type { Output, Surroundings } from './run-command.ts'

/**
 * The surroundings of this process. The first SIGINT or SIGTERM asks the run to end and save its
 * place; a second one ends the process at once, which costs no more than a kill does.
 */
export function processSurroundings(): Surroundings {
  const interruption = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interruption.abort(name))
  }
  return {
    directory: process.cwd(),
    environment: process.env,
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    signal: interruption.signal,
    now: () => performance.now(),
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
