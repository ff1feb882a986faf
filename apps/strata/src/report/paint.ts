/** Colours, or none. Nothing else in the report knows what a terminal can do. */
export interface Paint {
  readonly bold: (text: string) => string
  readonly faint: (text: string) => string
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  /** The colour of an age, from 0 (the oldest layer) to 1 (the youngest). */
  readonly age: (text: string, age: number) => string
  /** Whether there are any. Without, shades tell ages apart. */
  readonly colours: boolean
}

/**
 * From the slate of the deep to the sand on top: a ramp that grows lighter throughout, so that it
 * can be read without telling hues apart. Numbers of the 256-colour palette.
 */
const RAMP = [60, 61, 67, 73, 72, 71, 107, 143, 179, 215, 222]

/** Paint with colours, or without. */
export function paint(colours: boolean): Paint {
  if (!colours) {
    const plain = (text: string): string => text
    return { bold: plain, faint: plain, good: plain, bad: plain, age: plain, colours }
  }
  const style =
    (code: string) =>
    (text: string): string =>
      text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`
  return {
    bold: style('1'),
    faint: style('2'),
    good: style('32'),
    bad: style('31'),
    age: (text, age) => style(`38;5;${RAMP[Math.round(age * (RAMP.length - 1))]}`)(text),
    colours,
  }
}

/** Whether to use colours: on a terminal that has them, unless `NO_COLOR` says no. */
export function wantsColours(
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  if ((environment['NO_COLOR'] ?? '') !== '') return false
  if ((environment['FORCE_COLOR'] ?? '') !== '') return environment['FORCE_COLOR'] !== '0'
  return isTerminal && environment['TERM'] !== 'dumb'
}
