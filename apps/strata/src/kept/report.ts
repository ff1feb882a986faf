import { coreError, err, ok, type AsyncResult } from '@tidemark/core'
import * as z from 'zod/mini'
import type { Failure } from '../errors.ts'
import { branchOf } from '../published-root.ts'
import type { Kept } from '../tidemark/wrappers.ts'

/** A finished report, in both of its forms. */
export interface KeptReport {
  /** The one line of `--json`. */
  readonly json: string
  /** What people see, without colours, 88 characters wide. */
  readonly text: string
}

/** A report as it was saved, of a log. */
export interface SavedReport extends KeptReport {
  readonly log: string
  readonly savedAt: Date
}

const REPORT: z.ZodMiniType<KeptReport> = z.object({ json: z.string(), text: z.string() })

const REMEDY = 'To give it up: `strata run` saves it anew'

/** Saves the report of a log, in the place of the one that was there. */
export function saveReport(
  kept: Kept,
  log: string,
  { json, text }: KeptReport,
): AsyncResult<void, Failure> {
  return kept.save(nameOf(log), { json, text }, REMEDY)
}

/** The saved report of a log. `CHECKPOINT_NOT_FOUND` when there is none. */
export async function loadReport(kept: Kept, log: string): AsyncResult<SavedReport, Failure> {
  const found = await kept.load(nameOf(log), REPORT, REMEDY)
  if (!found.ok) return found
  if (found.value === undefined) return err(noReport(log))
  const { value, savedAt } = found.value
  return ok({ ...value, log, savedAt })
}

/** The error for a report that was never saved. */
export function noReport(log: string): Failure {
  const message = `there is no saved report of ${branchOf(log)} here; \`strata run\` saves one`
  return coreError('CHECKPOINT_NOT_FOUND', message, { identifier: nameOf(log) })
}

function nameOf(log: string): string {
  return `report/${log}`
}
