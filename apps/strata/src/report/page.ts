import type { Output } from '../surroundings.ts'
import { paint, wantsColours, type Paint } from './paint.ts'

/** How wide a report may be, and what paints it. */
export interface Page {
  readonly width: number
  readonly paint: Paint
}

const DEFAULT_WIDTH = 88
/** Narrower, and paths cannot be told apart; wider, and rows cannot be followed by eye. */
const MIN_WIDTH = 60
const MAX_WIDTH = 104

/** A page for a report that is looked at later, who knows where. */
export const PLAIN_PAGE: Page = { width: DEFAULT_WIDTH, paint: paint(false) }

/** The page that a stream offers. */
export function pageFor(
  { isTerminal, columns }: Output,
  environment: Readonly<Record<string, string | undefined>>,
): Page {
  const width = Math.min(Math.max(columns ?? DEFAULT_WIDTH, MIN_WIDTH), MAX_WIDTH)
  return { width, paint: paint(wantsColours(isTerminal, environment)) }
}
