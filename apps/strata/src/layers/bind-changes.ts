import type { Change } from '../history/commit.ts'
import { bind, bondOf, newBond, pairsOf, unbind, unbindAll, type CoChanges } from './co-changes.ts'

/** A commit that changes more files is sweeping (a new licence, a formatter): it binds nothing. */
export const MAX_FILES_TOGETHER = 30

/** So many pairs are held at most: some megabytes, and far more than anybody reads. */
export const MAX_PAIRS = 50_000

/** How many of them stay when there are more: dropping is rare, and a new pair has time to grow. */
export const PAIRS_KEPT: number = MAX_PAIRS / 2

/**
 * Goes on by the commit at `position`. Bonds move with a file that moves and end with one that is
 * gone; the files that the commit changed, and left there, are bound to each other.
 */
export function bindChanges(
  coChanges: CoChanges,
  changes: readonly Change[],
  position: number,
): void {
  follow(coChanges, changes)
  const paths = changes.flatMap((change) => (change.kind === 'file' ? [change.path] : []))
  if (paths.length > MAX_FILES_TOGETHER) return
  paths.forEach((path, index) => {
    for (const other of paths.slice(index + 1)) strengthen(coChanges, path, other, position)
  })
  if (coChanges.pairs > MAX_PAIRS) dropWeakest(coChanges)
}

/** All files that leave their paths are let go before any is bound anew: paths change hands. */
function follow(coChanges: CoChanges, changes: readonly Change[]): void {
  const left = new Map<string, string | undefined>()
  for (const change of changes) {
    if (change.kind === 'gone') left.set(change.path, left.get(change.path))
    else if (change.from !== undefined && change.from !== change.path) {
      left.set(change.from, change.path)
    }
  }
  const nowAt = (path: string): string | undefined => (left.has(path) ? left.get(path) : path)
  const loose = Array.from(left.keys()).flatMap((path) => unbindAll(coChanges, path))
  for (const [path, other, bond] of loose) {
    const [here, there] = [nowAt(path), nowAt(other)]
    if (here !== undefined && there !== undefined) bind(coChanges, here, there, bond)
  }
}

function strengthen(coChanges: CoChanges, path: string, other: string, position: number): void {
  const bond = bondOf(coChanges, path, other)
  if (bond === undefined) return bind(coChanges, path, other, newBond(1, position))
  bond.support += 1
  bond.last = position
}

/** The weakest are those least often together; of these, those whose last time is longest ago. */
function dropWeakest(coChanges: CoChanges): void {
  const strongestFirst = pairsOf(coChanges).sort(
    ([a, b, x], [c, d, y]) =>
      y.support - x.support || y.last - x.last || compare(a, c) || compare(b, d),
  )
  for (const [path, other] of strongestFirst.slice(PAIRS_KEPT)) unbind(coChanges, path, other)
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
