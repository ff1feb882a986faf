import { shares } from './bars.ts'
import type { Paint } from './paint.ts'

/** How wide a strip is. */
export const STRIP_WIDTH = 12

/** Without colours, shades tell parts apart: the first is the densest. */
const SHADES = '█▓▒░'

/** The parts of a whole side by side, in the colours from the oldest layer to the youngest. */
export function strip(parts: readonly number[], paint: Paint): string {
  const painted = shares(parts, STRIP_WIDTH).map((share, index) => {
    const age = ageOf(index, parts.length)
    const shade = paint.colours ? '█' : SHADES.charAt(Math.floor(age * (SHADES.length - 0.01)))
    return paint.age(shade.repeat(share), age)
  })
  return painted.join('')
}

/** The age of a layer as paint wants it: 0 for the oldest, 1 for the youngest. */
export function ageOf(index: number, layers: number): number {
  return layers === 1 ? 1 : index / (layers - 1)
}
