import { pairsOf } from '../layers/co-changes.ts'
import { showPath } from '../layers/show-path.ts'
import type { State } from '../layers/state.ts'

/** Two files that are changed together: who touches the one should think of the other. */
export interface FilePair {
  /** As git shows them, in the order of their bytes. */
  readonly paths: readonly [string, string]
  /** The commits that changed both, but for sweeping ones. */
  readonly support: number
  /** `support` as a part of the commits of the file that has fewer. */
  readonly confidence: number
}

/** What happened once or twice is no habit. */
const MIN_SUPPORT = 3

/** The pairs that are together most often and most surely: those of most `support × confidence`. */
export function filePairsOf({ files, coChanges }: State, count: number): FilePair[] {
  const commits = (path: string): number => files.get(path)?.commits ?? 0
  return pairsOf(coChanges)
    .filter(([, , { support }]) => support >= MIN_SUPPORT)
    .map(([path, other, { support }]) => {
      const confidence = support / Math.min(commits(path), commits(other))
      return { path, other, support, confidence, weight: support * confidence }
    })
    .sort(
      (a, b) =>
        b.weight - a.weight ||
        b.support - a.support ||
        compare(a.path, b.path) ||
        compare(a.other, b.other),
    )
    .slice(0, count)
    .map(({ path, other, support, confidence }) => {
      return { paths: [showPath(path), showPath(other)], support, confidence }
    })
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
