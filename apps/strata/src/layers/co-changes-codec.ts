import { MAX_PAIRS } from './bind-changes.ts'
import { bind, noCoChanges, type Bond, type CoChanges } from './co-changes.ts'
import { damaged, type VarintReader, type VarintWriter } from './varint.ts'

/**
 * Writes the bonds between files that are known by their place in `paths`, which is in order. For
 * each file the number of its bonds with later ones and, for each in order, how many places later
 * than the one before it the other file is, the support, and how many commits ago the last was.
 */
export function writeCoChanges(
  writer: VarintWriter,
  { bonds }: CoChanges,
  paths: readonly string[],
  position: number,
): void {
  const places = new Map(paths.map((path, place) => [path, place]))
  paths.forEach((path, place) => {
    const later: { readonly place: number; readonly bond: Bond }[] = []
    for (const [other, bond] of bonds.get(path) ?? []) {
      const otherPlace = places.get(other) ?? 0
      if (otherPlace > place) later.push({ place: otherPlace, bond })
    }
    // By their places: to compare the paths themselves took most of the time of a save.
    later.sort((a, b) => a.place - b.place)
    writer.whole(later.length)
    let before = place
    for (const { place: otherPlace, bond } of later) {
      writer.whole(otherPlace - before)
      writer.whole(bond.support)
      writer.whole(position - bond.last)
      before = otherPlace
    }
  })
}

/** A bond is three numbers. */
const MIN_BOND_BYTES = 3

/** Reads what {@link writeCoChanges} wrote. Throws `CORRUPTED` for what it cannot have written. */
export function readCoChanges(
  reader: VarintReader,
  paths: readonly string[],
  position: number,
): CoChanges {
  const coChanges = noCoChanges()
  paths.forEach((path, place) => {
    let otherPlace = place
    for (let left = reader.count(MIN_BOND_BYTES); left > 0; left -= 1) {
      const step = reader.whole()
      const support = reader.whole()
      const age = reader.whole()
      otherPlace += step
      const other = paths[otherPlace]
      if (step === 0 || other === undefined) throw damaged('a file is bound to none')
      if (support === 0 || age >= position) throw damaged('a bond is out of range')
      bind(coChanges, path, other, { support, last: position - age })
    }
  })
  if (coChanges.pairs > MAX_PAIRS) throw damaged('it has more pairs of files than are held')
  return coChanges
}
