import { PHASES } from '../phases.ts'
import { short } from '../notices.ts'
import { branchOf } from '../published-root.ts'
import type { Status } from '../status.ts'
import { formatCount, formatNoun } from './format.ts'
import { JSON_VERSION } from './json.ts'
import type { Page } from './page.ts'

/** Where the last run got to, as text. Each line ends with a line feed. */
export function renderStatus(status: Status, { paint }: Page): string {
  const { progress, offset, epochs, logs, head } = status
  const results = progress?.results ?? {}
  const rows: string[][] = []
  if (progress !== undefined) {
    const marks = PHASES.map((phase) => {
      return results[phase] === undefined
        ? paint.faint(`${phase} ·`)
        : `${phase} ${paint.good('✓')}`
    })
    rows.push(['commit', progress.commit], ['phases', marks.join('  ')])
  }
  if (offset !== undefined) {
    const of = results.plan === undefined ? '' : ` of ${formatCount(results.plan.total)}`
    const where = `commit ${formatCount(offset.position)}${of}`
    rows.push([
      'place',
      `${where}, ${formatNoun(epochs, 'epoch')} kept, the newest is ${offset.epoch}`,
    ])
  }
  if (results.analyse !== undefined) rows.push(['digest', results.analyse.digest])
  if (results.seal !== undefined) {
    rows.push(['root', `${results.seal.root}, in ${formatNoun(results.seal.chunks, 'chunk')}`])
  }
  for (const { log, position, commit } of logs.published) {
    const what = `${formatNoun(position, 'commit')} to ${short(commit)}`
    rows.push(['published', `${branchOf(log)}: ${what}`])
  }
  for (const { log } of logs.damaged)
    rows.push(['published', `${branchOf(log)}: damaged, and frozen`])
  const lines = rows.map(
    ([name = '', value = '']) => `  ${paint.bold(name.padEnd(WIDTH))}${value}\n`,
  )
  if (head !== undefined && progress !== undefined && head !== progress.commit) {
    lines.push(`\n  now at ${short(head)}: \`strata update\` goes on\n`)
  }
  return lines.join('')
}

const WIDTH = 11

/** The same as one line of JSON; the README describes each field. */
export function statusJson({ progress, offset, epochs, logs, head }: Status): string {
  const results = progress?.results ?? {}
  return JSON.stringify({
    strata: JSON_VERSION,
    commit: progress?.commit ?? null,
    head: head ?? null,
    position: offset?.position ?? 0,
    total: results.plan?.total ?? null,
    phases: Object.fromEntries(PHASES.map((phase) => [phase, results[phase] !== undefined])),
    epochs,
    epoch: offset?.epoch ?? null,
    root: results.seal?.root ?? null,
    chunks: results.seal?.chunks ?? null,
    digest: results.analyse?.digest ?? null,
    published: logs.published.map(({ log, position, commit, root }) => ({
      log,
      position,
      commit,
      root,
    })),
  })
}
