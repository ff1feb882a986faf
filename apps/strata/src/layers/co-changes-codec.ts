import { MAX_PAIRS } from './bind-changes.ts'
import { bind, newBond, noCoChanges, NOT_MET, type CoChanges } from './co-changes.ts'
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
  for (const [place, later] of laterBonds(bonds, paths).entries()) {
    writer.whole(later.length / BOND_NUMBERS)
    let before = place
    for (let i = 0; i < later.length; i += BOND_NUMBERS) {
      const [otherPlace = 0, support = 0, last = 0] = [later[i], later[i + 1], later[i + 2]]
      writer.whole(otherPlace - before)
      writer.whole(support)
      writer.whole(position - last)
      before = otherPlace
    }
  }
}

/** The place of the other file, the support, and the position of the last commit. */
const BOND_NUMBERS = 3

/**
 * For each path the numbers of its bonds with later ones, in order. Each bond is met twice, first at
 * the lesser of its paths: to look up and to compare the paths took most of the time of a save.
 */
function laterBonds(bonds: CoChanges['bonds'], paths: readonly string[]): number[][] {
  const later = paths.map((): number[] => [])
  paths.forEach((path, place) => {
    for (const bond of bonds.get(path)?.values() ?? []) {
      if (bond.metAt === NOT_MET) {
        bond.metAt = place
      } else {
        later[bond.metAt]?.push(place, bond.support, bond.last)
        bond.metAt = NOT_MET
      }
    }
  })
  return later
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
      bind(coChanges, path, other, newBond(support, position - age))
    }
  })
  if (coChanges.pairs > MAX_PAIRS) throw damaged('it has more pairs of files than are held')
  return coChanges
}
