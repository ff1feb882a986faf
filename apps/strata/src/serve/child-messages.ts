import * as z from 'zod/mini'
import type { ChaosEvent } from '../chaos/chaos.ts'
import { ACTS, type ActView } from '../chaos/chaos-view.ts'
import { PHASES } from '../phases.ts'
import type { ReportView } from './live.ts'

const count = z.number()
const text = z.string()
const at = { position: count, total: count }
const layers = z.array(z.object({ name: text, lines: count }))

/** What the server looks at of the events that `strata run --json --detail` writes. */
export type ChildEvent =
  | { readonly kind: 'started'; position: number; total: number; epoch?: number | undefined }
  | { readonly kind: 'read' | 'saving'; position: number; total: number }
  | { readonly kind: 'saved'; position: number; total: number; epoch: number; pruned: number[] }
  | { readonly kind: 'layers'; position: number; layers: { name: string; lines: number }[] }
  | { readonly kind: 'phase'; phase: (typeof PHASES)[number]; outcome: 'done' | 'known' }
  | { readonly kind: 'checkpoint-skipped'; epoch?: number | undefined; reason: string }
  | { readonly kind: 'started-again'; reason: StartedAgainReason }
  | { readonly kind: 'history-cut' }

/** Why a run began at the first commit. */
export type StartedAgainReason = 'rewritten' | 'deepened' | 'unusable' | 'earlier'

export const CHILD_EVENT: z.ZodMiniType<ChildEvent> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('started'), ...at, epoch: z.optional(count) }),
  z.object({ kind: z.enum(['read', 'saving']), ...at }),
  z.object({ kind: z.literal('saved'), ...at, epoch: count, pruned: z.array(count) }),
  z.object({ kind: z.literal('layers'), position: count, layers }),
  z.object({ kind: z.literal('phase'), phase: z.enum(PHASES), outcome: z.enum(['done', 'known']) }),
  z.object({ kind: z.literal('checkpoint-skipped'), epoch: z.optional(count), reason: text }),
  z.object({
    kind: z.literal('started-again'),
    reason: z.enum(['rewritten', 'deepened', 'unusable', 'earlier']),
  }),
  z.object({ kind: z.literal('history-cut') }),
])

/** The result that a run writes when it ends. */
export type ChildResult = ReportView & { readonly finished: boolean }

const textOrNull = z.nullable(text)

export const CHILD_RESULT: z.ZodMiniType<ChildResult> = z.object({
  commit: textOrNull,
  position: count,
  finished: z.boolean(),
  firstDay: textOrNull,
  lastDay: textOrNull,
  medianDay: textOrNull,
  files: count,
  lines: count,
  hotspots: z.array(
    z.object({ path: text, lines: count, commits: count, churn: count, medianDay: textOrNull }),
  ),
  coChanges: z.array(z.object({ paths: z.array(text), support: count, confidence: count })),
  ownership: z.array(
    z.object({
      directory: text,
      lines: count,
      authors: z.array(z.object({ name: text, lines: count, share: count })),
    }),
  ),
  root: textOrNull,
  digest: text,
})

const act = z.enum(ACTS)
const outcome: z.ZodMiniType<ActView> = z.object({
  act,
  did: text,
  error: z.exactOptional(z.object({ code: text, message: text })),
  caughtBy: text,
  recovered: text,
  digest: text,
  isSame: z.boolean(),
})

/** The events of `strata chaos --json`. */
export const CHAOS_EVENT: z.ZodMiniType<ChaosEvent> = z.union([
  z.object({ kind: z.literal('untouched'), digest: text }),
  z.object({ kind: z.literal('act'), act }),
  z.intersection(z.object({ kind: z.literal('outcome') }), outcome),
])

/** A failure as every command writes it. */
export const CHILD_FAILURE: z.ZodMiniType<{ error: { code: string; message: string } }> = z.object({
  error: z.object({ code: text, message: text }),
})
