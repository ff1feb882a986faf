/** A whole number with its thousands apart, as the reports have it. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/gu, '\u202f')
}

/** A number and its noun. */
export function noun(value: number, name: string): string {
  return `${count(value)} ${name}${value === 1 ? '' : 's'}`
}

/** A share of a whole. */
export function percent(part: number): string {
  return part > 0 && part < 0.01 ? '<1 %' : `${Math.round(100 * part)} %`
}

/** The first digits of a hash or a commit. */
export function short(hash: string): string {
  return hash.slice(0, 12)
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
