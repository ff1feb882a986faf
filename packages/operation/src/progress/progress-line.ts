import type { Tally } from './tally.ts'

/** The bar of a line. */
const BAR_WIDTH = 20

/** A rate from less time than this says nothing. */
const MIN_RATE_MS = 500

/**
 * One line about one map or step: bar, counts, rate, remaining time. Counts hold what earlier runs
 * did, the rate does not; without this run's work there is neither a rate nor a remaining time.
 */
export function progressLine(tally: Tally, nowMs: number, width = 100): string {
  const { name, done, skipped, total, unit, startedMs } = tally
  const all = done + skipped
  const perMs = done > 0 && nowMs - startedMs >= MIN_RATE_MS ? done / (nowMs - startedMs) : 0
  const parts = [name]
  if (total !== undefined && total > 0) {
    parts.push(bar(all / total), `${all}/${total}${unit === '' ? '' : ` ${unit}`}`)
  } else if (all > 0) parts.push(`${all}${unit === '' ? '' : ` ${unit}`}`)
  if (skipped > 0) parts.push(`(${skipped} earlier)`)
  if (perMs > 0) parts.push(`${rate(perMs * 1000)}/s`)
  if (perMs > 0 && total !== undefined && total > all) {
    parts.push(`${duration((total - all) / perMs)} left`)
  }
  return parts.join('  ').slice(0, width)
}

function bar(part: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, part)) * BAR_WIDTH)
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`
}

function rate(perSecond: number): string {
  return perSecond >= 100 ? String(Math.round(perSecond)) : perSecond.toPrecision(2)
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
