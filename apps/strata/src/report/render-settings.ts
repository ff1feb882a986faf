import { SETTINGS } from '../kept/settings.ts'
import type { ShownSettings } from '../settings.ts'
import { formatCount } from './format.ts'
import { JSON_VERSION } from './json.ts'
import type { Page } from './page.ts'

/** Settings as text, one in each line. */
export function renderSettings(shown: ShownSettings, { paint }: Page): string {
  const { every, limit } = shown
  const rows = [
    every === undefined ? '' : row('every', every, SETTINGS.every.fallback, paint.bold),
    limit === undefined ? '' : row('limit', limit, SETTINGS.limit.fallback, paint.bold),
  ]
  return rows.join('')
}

function row(
  name: string,
  value: number,
  fallback: number,
  bold: (text: string) => string,
): string {
  const note = value === fallback ? '  (the default)' : ''
  return `  ${bold(name)}  ${formatCount(value)}${note}\n`
}

/** The same as one line of JSON. */
export function settingsJson(shown: ShownSettings): string {
  return JSON.stringify({ strata: JSON_VERSION, ...shown })
}
