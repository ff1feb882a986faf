import { short } from '../notices.ts'
import { branchOf, type PublishedRoot } from '../published-root.ts'
import { formatNoun } from './format.ts'
import { JSON_VERSION } from './json.ts'
import type { Logs } from '../tidemark/log-persistence.ts'
import type { Page } from './page.ts'

/** What is published, as text: for each log what it says, since when, and the root. */
export function renderLogs({ published, damaged }: Logs, { paint }: Page): string {
  const name = (log: string): string => paint.bold(branchOf(log))
  const parts = [
    ...published.map((root) => linesOf(root, name(root.log)).join('')),
    ...damaged.map(({ log, reason }) => `  ${name(log)}  ${paint.bad('frozen')}: ${reason}\n`),
  ]
  return parts.length === 0 ? '  Nothing is published yet.\n' : parts.join('\n')
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
export function logsJson({ published, damaged }: Logs): string {
  const logs = published.map((root) => ({ ...root, accepted: root.accepted ?? null }))
  return JSON.stringify({ strata: JSON_VERSION, logs, damaged })
}
