/**
 * Which files were changed together, and how often. Each bond is held once for either of its
 * files, as one object, so that a file finds its bonds without a search.
 */
export interface CoChanges {
  /** For each file that has any, its bonds by the path of the other file. */
  readonly bonds: Map<string, Map<string, Bond>>
  /** The number of pairs. */
  pairs: number
}

/** How often two files were changed together, and when last. */
export interface Bond {
  /** The number of commits that changed both. */
  support: number
  /** The position of the last of them. */
  last: number
  /** Of whoever goes through all pairs, file by file: where it met the first file of this one. */
  metAt: number
}

/** Nobody goes through the pairs, or has not come to this one. */
export const NOT_MET = -1

/** A bond of two files that were changed together so often, and last by the commit at `last`. */
export function newBond(support: number, last: number): Bond {
  return { support, last, metAt: NOT_MET }
}

/** A pair of files and what binds them. */
export type Pair = readonly [path: string, other: string, bond: Bond]

/** Before anything was changed. */
export function noCoChanges(): CoChanges {
  return { bonds: new Map<string, Map<string, Bond>>(), pairs: 0 }
}

/** What binds two files, if anything. */
export function bondOf({ bonds }: CoChanges, path: string, other: string): Bond | undefined {
  return bonds.get(path)?.get(other)
}

/** Binds two files that are not bound yet. */
export function bind(coChanges: CoChanges, path: string, other: string, bond: Bond): void {
  bondsOf(coChanges, path).set(other, bond)
  bondsOf(coChanges, other).set(path, bond)
  coChanges.pairs += 1
}

/** Lets two files go that are bound. */
export function unbind(coChanges: CoChanges, path: string, other: string): void {
  forget(coChanges, path, other)
  forget(coChanges, other, path)
  coChanges.pairs -= 1
}

/** Lets a file go, and gives what it was bound to. */
export function unbindAll(coChanges: CoChanges, path: string): Pair[] {
  const bonds = Array.from(coChanges.bonds.get(path) ?? [])
  for (const [other] of bonds) unbind(coChanges, path, other)
  return bonds.map(([other, bond]) => [path, other, bond])
}

/** Each pair once, the lesser path first; the pairs in no order. */
export function pairsOf({ bonds }: CoChanges): Pair[] {
  const pairs: Pair[] = []
  for (const [path, others] of bonds) {
    for (const [other, bond] of others) if (path < other) pairs.push([path, other, bond])
  }
  return pairs
}

function bondsOf({ bonds }: CoChanges, path: string): Map<string, Bond> {
  const known = bonds.get(path)
  if (known !== undefined) return known
  const fresh = new Map<string, Bond>()
  bonds.set(path, fresh)
  return fresh
}

function forget({ bonds }: CoChanges, path: string, other: string): void {
  const others = bonds.get(path)
  others?.delete(other)
  if (others?.size === 0) bonds.delete(path)
}
