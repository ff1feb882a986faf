// What the long runs share: arguments and numbers that look random, by seed.

/** The number after `--name`, or another. */
export function option(name, fallback) {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? fallback : Number(process.argv[at + 1])
}

export const seed = option('seed', 1)

/** When to stop, whatever is left to do. */
export const until = performance.now() + option('minutes', 60) * 60_000

/** A deterministic source of numbers in [0, 1). */
export function randomOf(start) {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
