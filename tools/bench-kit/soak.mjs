// What long runs share: --seed, --minutes and --runs, and the one line that each prints.
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
  },
})

export const seed = Number(values.seed)

const givenMs = values.minutes === undefined ? Infinity : Number(values.minutes) * 60_000

/** Whether this process has used up the time that was given. Without a given time it never has. */
export function timeIsUp() {
  return performance.now() >= givenMs
}

/** Throws what was found wrong, if anything was. */
export function nothing(wrong) {
  if (wrong.length > 0) throw new Error(wrong.join('; '))
}

/** What a run ends with that cannot take place here: a skip, with its reason told. */
const SKIPPED = 77

/** Ends this run: it cannot take place here. In CI that is a failure. */
export function skip(reason) {
  process.stderr.write(`skipped: ${reason}\n`)
  process.exit(process.env.CI === 'true' ? 1 : SKIPPED)
}

/**
 * Runs `once` with its number and a seed of its own until the count, or the time, is reached. What
 * it throws is a violation: the first few are told, with the seed that repeats them. `summary` adds
 * to the line at the end.
 */
export async function soak(name, usualRuns, once, summary = () => '') {
  const begun = performance.now()
  const limit = Number(values.runs ?? (values.minutes === undefined ? usualRuns : Infinity))
  let violations = 0
  let runs = 0
  for (; runs < limit && performance.now() - begun < givenMs; runs++) {
    const own = seed * 1_000_003 + runs
    try {
      await once(runs, own)
    } catch (error) {
      violations += 1
      if (violations <= 5) process.stderr.write(`${name}, seed ${own}: ${error.stack}\n`)
    }
  }
  const seconds = ((performance.now() - begun) / 1000).toFixed(0)
  process.stdout.write(
    `${name}: ${runs} runs, seed ${seed}, ${violations} violations, ${seconds} s${summary()}\n`,
  )
  if (violations > 0) process.exitCode = 1
}
