const MS_PER_DAY = 86_400_000

/** A whole number with its thousands apart: `38 412`. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/gu, ' ')
}

/** A number and its noun: `1 file`, `412 files`. */
export function formatNoun(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`
}

/** A day (whole days since 1970-01-01, UTC) as `2019-07-04`. */
export function formatDay(day: number): string {
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 10)
}

/** A share of a whole: `29 %`, and `<1 %` for what is little but not nothing. */
export function formatShare(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (100 * part) / whole
  if (percent > 0 && percent < 1) return '<1 %'
  return `${Math.round(percent)} %`
}

/** The start of a text that is too long: what tells names apart is at their start. */
export function fitStart(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}

/** The end of a text that is too long: what tells paths apart is at their end. */
export function fitEnd(text: string, width: number): string {
  const characters = Array.from(text)
  return characters.length <= width ? text : `…${characters.slice(1 - width).join('')}`
}
