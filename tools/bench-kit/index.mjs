// What benchmarks share: candidates run in turn in short slices, medians, ratios in one run.

/** Runs candidates A B A B …; gives the median of each in the unit that they return. */
export async function inTurn(rounds, candidates) {
  const names = Object.keys(candidates)
  const samples = new Map(names.map((name) => [name, []]))
  for (let round = -1; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const figure = await candidates[name](round)
      if (round >= 0) samples.get(name).push(figure)
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(samples.get(name))]))
}

/** Milliseconds that a call took. */
export async function timeMs(call) {
  const start = performance.now()
  await call()
  return performance.now() - start
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** One line of the report: what, the figures, and the ratio against the target. */
export function row(what, figures, ratio, target, isMet) {
  const verdict = target === undefined ? '' : `${isMet ? '✓' : '✗'} ${target}`
  process.stdout.write(
    `${what.padEnd(46)} ${figures.padEnd(44)} ${String(ratio).padEnd(8)} ${verdict}\n`,
  )
  if (target !== undefined && !isMet) process.exitCode = 1
}

export const us = (ms) => `${(ms * 1000).toFixed(0)} µs`
export const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
