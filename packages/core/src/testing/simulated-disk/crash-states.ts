import { everyChoice, seededRandom, type Choose } from './choices.ts'
import { applyEffect, type DiskNode, type Inode, type Nodes } from './disk-image.ts'
import type { JournalEntry } from './journal.ts'
import { powerCut } from './power-cut.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/** Where to cut, and how much to look at. */
export interface CrashStatesOptions {
  /** The first cut is after so many lines of the journal; 0 unless said. */
  readonly from?: number
  /** The last cut is after so many lines; the whole journal unless said. */
  readonly to?: number
  /** Up to so many states of one cut are all built; of more, so many are drawn. */
  readonly limit?: number
  /** What draws them. */
  readonly seed?: number
  /** A write is torn at up to so many sector boundaries, spread evenly. */
  readonly tears?: number
}

/** One disk that a power cut could have left. */
export interface CrashState {
  /** A disk of its own with everything on it durable: recover on it, and cut it again. */
  readonly disk: SimulatedDisk
  /** How many lines of the journal had happened. */
  readonly cut: number
  /** The marks among those lines: what had been said, acknowledged, begun. */
  readonly marks: readonly string[]
  /** What became of each unsynced change, for a human. */
  readonly explain: () => string[]
}

/** How much was looked at. */
export interface CrashReport {
  /** The distinct states so far. */
  readonly states: number
  /** Whether no cut had to be sampled. */
  readonly exhaustive: boolean
  readonly seed: number
}

/** The states, and the report on them, which is complete after the last one. */
export interface CrashStates extends Iterable<CrashState> {
  readonly report: CrashReport
}

/** Twelve unsynced names, or two unsynced files of some sectors, are still built one and all. */
const DEFAULT_LIMIT = 20_000

/** Enough to tear a write of 8 KiB everywhere. */
const DEFAULT_TEARS = 16

/**
 * Every distinct disk that a power cut during the journal could have left.
 *
 * The power fails after each line of the journal. Each change that was not synced by then is lost
 * or applied, whatever became of the others: writes also in part (torn at a sector, or only the
 * size), names one by one. A directory that lost its name takes everything below it along.
 *
 * A state is given once between two marks, with the earliest cut that could leave it; after
 * a mark it is given again, for more is known by then.
 */
export function crashStates(disk: SimulatedDisk, options: CrashStatesOptions = {}): CrashStates {
  const { from = 0, to = disk.journal.length, limit = DEFAULT_LIMIT, seed = 1 } = options
  const power = powerCut(options.tears ?? DEFAULT_TEARS)
  const random = seededRandom(seed)
  const report = { states: 0, exhaustive: true, seed }

  function* states(): Generator<CrashState, void, void> {
    Object.assign(report, { states: 0, exhaustive: true })
    const seen = new Set<string>()
    let looked: Looked = 'not yet'
    for (const { nodes, entry, cut, marks } of prefixes(disk, to)) {
      if (entry?.call === 'mark') {
        seen.clear()
        looked = 'not yet'
      }
      if (cut < from || !addsStates(looked, entry)) continue
      const all = power.ways(nodes, limit) <= limit
      looked = all ? 'at all' : 'at some'
      report.exhaustive &&= all
      for (const choose of all ? everyChoice() : samples(limit, random)) {
        const { nodes: left, key, explain } = power.cut(nodes, choose)
        if (seen.has(key)) continue
        seen.add(key)
        report.states += 1
        yield { disk: disk.withNodes(left), cut, marks, explain }
      }
    }
  }

  return { report, [Symbol.iterator]: states }
}

/** The disk as the death of all processes leaves it: what is visible stays, synced or not. */
export function processCrash(
  disk: SimulatedDisk,
  cut: number = disk.journal.length,
): SimulatedDisk {
  let nodes = disk.start
  for (const prefix of prefixes(disk, cut)) nodes = prefix.nodes
  return disk.withNodes(new Map(nodes))
}

interface Prefix {
  readonly cut: number
  /** The last line of it. */
  readonly entry: JournalEntry | undefined
  readonly marks: readonly string[]
  readonly nodes: Nodes
}

/** The disk before the first line of the journal, and after each. */
function* prefixes(disk: SimulatedDisk, to: number): Generator<Prefix, void, void> {
  const nodes = new Map<Inode, DiskNode>(disk.start)
  let marks: readonly string[] = []
  yield { cut: 0, entry: undefined, marks, nodes }
  for (const [index, entry] of disk.journal.slice(0, to).entries()) {
    for (const effect of entry.effects) applyEffect(nodes, effect, entry)
    if (entry.call === 'mark') marks = [...marks, entry.path]
    yield { cut: index + 1, entry, marks, nodes }
  }
}

/** Whether the states of the last cut that was looked at were built. */
type Looked = 'not yet' | 'at some' | 'at all'

/** Whether a cut after this line can leave what the cuts before it did not. */
function addsStates(looked: Looked, entry: JournalEntry | undefined): boolean {
  if (looked === 'not yet' || entry === undefined) return true
  if (looked === 'at some') return entry.effects.length > 0
  // What a sync settles was possible before it: only a change adds to that.
  return entry.effects.some(({ kind }) => kind === 'write' || kind === 'name')
}

/**
 * The two extremes, then draws in turn from three moods: much is lost, much is applied, even.
 *
 * Mistakes show where one change is lost and the others are not, or the other way round; even
 * draws from many changes come near neither.
 */
function* samples(count: number, random: () => number): Generator<Choose, void, void> {
  yield () => 0
  yield (width) => Math.min(1, width - 1)
  for (let index = 2; index < count; index += 1) {
    const rare = random() * 0.5
    const moods = [
      { lost: 1 - rare, applied: rare / 2 },
      { lost: rare / 2, applied: 1 - rare },
      { lost: 0.4, applied: 0.4 },
    ]
    const { lost, applied } = moods[index % moods.length] ?? { lost: 0.5, applied: 0.5 }
    yield (width) => {
      const draw = random()
      if (draw < lost) return 0
      return draw < lost + applied ? 1 : Math.floor(random() * width)
    }
  }
}
