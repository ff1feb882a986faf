import { short } from '../notices.ts'
import { branchOf, type PublishedRoot } from '../published-root.ts'
import { formatNoun } from './format.ts'
import { JSON_VERSION } from './json.ts'
import type { Page } from './page.ts'

/** What is published, as text: for each log what it says, since when, and the root. */
export function renderLogs(logs: readonly PublishedRoot[], { paint }: Page): string {
  if (logs.length === 0) return '  Nothing is published yet.\n'
  return logs.map((log) => linesOf(log, paint.bold(branchOf(log.log))).join('')).join('\n')
}

function linesOf(published: PublishedRoot, name: string): string[] {
  const { position, commit, root, publishedAt, accepted } = published
  const when = publishedAt.slice(0, 'YYYY-MM-DDTHH:MM'.length).replace('T', ' ')
  const at = `${formatNoun(position, 'commit')} to ${short(commit)}`
  const lines = [`  ${name}  ${at}, published ${when} UTC\n`, `    ${root}\n`]
  if (accepted === undefined) return lines
  return [...lines, `    rewritten: the next run may go on from ${short(accepted)} instead\n`]
}

/** The same as one line of JSON; the README describes each field. */
export function logsJson(logs: readonly PublishedRoot[]): string {
  return JSON.stringify({
    strata: JSON_VERSION,
    logs: logs.map((published) => ({ ...published, accepted: published.accepted ?? null })),
  })
}
