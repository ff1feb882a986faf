/** A rectangle, in per cent of the whole. */
export interface Tile {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * Divides a plane among weights, the greatest first, into tiles as square as can be: rows are laid
 * along the shorter side as long as that makes the worst tile of the row no thinner (Bruls, Huizing
 * and van Wijk, Squarified Treemaps, 2000). `ratio` is the plane's width by its height.
 */
export function treemap(weights: readonly number[], ratio: number): Tile[] {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const areas = weights.map((weight) => (weight / sum) * ratio)
  const tiles: Tile[] = []
  let free = { left: 0, top: 0, width: ratio, height: 1 }
  for (let from = 0; from < areas.length;) {
    const side = Math.min(free.width, free.height)
    let to = from + 1
    while (
      to < areas.length &&
      worst(areas.slice(from, to + 1), side) <= worst(areas.slice(from, to), side)
    )
      to += 1
    const row = areas.slice(from, to)
    free = layRow(row, free, (tile) => tiles.push(tile))
    from = to
  }
  return tiles.map(({ left, top, width, height }) => ({
    left: (100 * left) / ratio,
    top: 100 * top,
    width: (100 * width) / ratio,
    height: 100 * height,
  }))
}

function worst(row: readonly number[], side: number): number {
  const sum = row.reduce((all, area) => all + area, 0)
  const thickness = sum / side
  return Math.max(...row.map((area) => Math.max(area / thickness ** 2, thickness ** 2 / area)))
}

/** Lays a row along the shorter side of what is free; gives what is free then. */
function layRow(row: readonly number[], free: Tile, lay: (tile: Tile) => void): Tile {
  const { left, top, width, height } = free
  const thickness = row.reduce((all, area) => all + area, 0) / Math.min(width, height)
  let along = 0
  for (const area of row) {
    const length = area / thickness
    if (width >= height) lay({ left, top: top + along, width: thickness, height: length })
    else lay({ left: left + along, top, width: length, height: thickness })
    along += length
  }
  if (width >= height) return { left: left + thickness, top, width: width - thickness, height }
  return { left, top: top + thickness, width, height: height - thickness }
}
