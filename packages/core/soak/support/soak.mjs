// What the long runs share: their arguments, their bound, and the one line that each prints.
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
  },
})

export const seed = Number(values.seed)

const started = performance.now()
const givenMs = values.minutes === undefined ? Infinity : Number(values.minutes) * 60_000

/** Whether the time that was given is used up. Without a given time it never is. */
export function timeIsUp() {
  return performance.now() - started >= givenMs
}

/**
 * Runs `once` with a seed of its own until the count (or the time, if given) is reached. It gives
 * what it found wrong; the first few are told, with the seed that repeats them.
 */
export async function soak(name, usualRuns, once) {
  const begun = performance.now()
  const limit = values.runs === undefined ? usualRuns : Number(values.runs)
  const isOver = (runs) => (givenMs === Infinity ? runs >= limit : timeIsUp())
  let violations = 0
  let runs = 0
  for (; !isOver(runs); runs++) {
    const own = seed * 1_000_003 + runs
    const wrong = await once(own)
    if (wrong.length === 0) continue
    violations += 1
    if (violations <= 5) process.stderr.write(`${name}, seed ${own}: ${wrong.join('; ')}\n`)
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  process.stdout.write(
    `${name}: ${runs} runs, seed ${seed}, ${violations} violations, ${seconds} s\n`,
  )
  if (violations > 0) process.exitCode = 1
}
