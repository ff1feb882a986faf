import { short } from '../notices.ts'
import type { RunResult } from '../run.ts'
import type { Page } from './page.ts'
import { renderReport } from './render.ts'

/** The whole of what a finished run says; its last lines end with the root and the digest. */
export function finale({ state, digest, sealed, report }: RunResult, page: Page): string {
  const where = state.commit === undefined ? '' : ` at ${short(state.commit)}`
  const root = sealed === undefined ? '' : `  root${where}    ${sealed.root}\n`
  return `\n${renderReport(state, report, page)}\n${root}  digest${where}  ${digest}\n`
}
