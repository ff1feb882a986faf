import * as z from 'zod/mini'

/** What a run does, in this order. Each phase is done once for a commit. */
export const PHASES = ['plan', 'replay', 'analyse', 'seal', 'publish'] as const

/** One of {@link PHASES}. */
export type Phase = (typeof PHASES)[number]

/** What each phase leaves behind: enough for the phases after it, and for people who ask. */
export interface PhaseResults {
  /** Where the line leads. */
  readonly plan: {
    /** The number of commits from the first to the one that is checked out. */
    readonly total: number
    /** Whose history it is: `refs/heads/main`, or `HEAD` when it is on no branch. */
    readonly log: string
  }
  /** All of it is read; the state is in the place. */
  readonly replay: { readonly position: number }
  /** What it comes to. */
  readonly analyse: {
    readonly digest: string
    readonly files: number
    readonly lines: number
  }
  /** It is sealed: anybody who knows the root can check it. */
  readonly seal: { readonly root: string; readonly chunks: number; readonly checkpoint: string }
  /** The log of the branch says so. */
  readonly publish: { readonly log: string }
}

/** Which phases are done for a commit. */
export interface Progress {
  /** The form of this record; rises when a phase comes to mean something else. */
  readonly form: 1
  readonly commit: string
  readonly results: Partial<PhaseResults>
}

const count = z.number()
const hex = z.string()

/** Reads a {@link Progress} that an earlier run wrote down. */
export const PROGRESS: z.ZodMiniType<Progress> = z.object({
  form: z.literal(1),
  commit: hex,
  results: z.object({
    plan: z.exactOptional(z.object({ total: count, log: z.string() })),
    replay: z.exactOptional(z.object({ position: count })),
    analyse: z.exactOptional(z.object({ digest: hex, files: count, lines: count })),
    seal: z.exactOptional(z.object({ root: hex, chunks: count, checkpoint: hex })),
    publish: z.exactOptional(z.object({ log: z.string() })),
  }),
})
