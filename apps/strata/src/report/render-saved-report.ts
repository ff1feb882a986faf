import type { SavedReport } from '../kept/report.ts'
import { branchOf } from '../published-root.ts'
import type { Page } from './page.ts'

/** A saved report as text: of which branch, since when, and what it says. */
export function renderSavedReport({ log, savedAt, text }: SavedReport, { paint }: Page): string {
  const when = savedAt.toISOString().slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ')
  return `  ${paint.bold(branchOf(log))}, as of the run of ${when} UTC\n${text}`
}

/** The line of JSON that the run wrote. */
export function savedReportJson({ json }: SavedReport): string {
  return json
}
