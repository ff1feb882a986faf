import type { Phase } from '../phases.ts'
import type { ChaosView } from '../chaos/chaos-view.ts'

/**
 * All that the page shows, as JSON. Each section is told anew when it changes, whole, so that a page
 * that was away for a while has nothing to catch up with.
 */
export interface Live {
  readonly about: About
  readonly run: RunView
  readonly strata: readonly StrataSample[]
  readonly pace: readonly PacePoint[]
  readonly recovery: readonly StartView[]
  readonly guard: GuardView
  readonly chunks: ChunksView
  readonly report: ReportView | null
  readonly chaos: ChaosView
}

/** What is served. */
export interface About {
  readonly repository: string
  readonly store: string
  /** The place is saved after so many commits. */
  readonly every: number | undefined
}

/** A failure, as its JSON has it. */
export interface ErrorView {
  readonly code: string
  readonly message: string
}

/** The run at hand, or the last one. */
export interface RunView {
  readonly state: 'idle' | 'running' | 'finished' | 'killed' | 'interrupted' | 'failed'
  readonly position: number
  readonly total: number
  /** The number of commits that did not have to be read again. */
  readonly resumedFrom: number
  readonly commitsPerSecond: number
  readonly elapsedMs: number
  /** What was saved by this run, the newest last. */
  readonly epochs: readonly { readonly epoch: number; readonly position: number }[]
  readonly phases: Readonly<Partial<Record<Phase, 'done' | 'known'>>>
  readonly digest?: string
  readonly root?: string
  readonly error?: ErrorView
}

/** How old the surviving lines were after a commit. */
export interface StrataSample {
  readonly position: number
  readonly layers: readonly { readonly name: string; readonly lines: number }[]
}

/** How fast commits were read at a moment of a run. */
export interface PacePoint {
  readonly ms: number
  readonly position: number
  readonly commitsPerSecond: number
}

/** One start of a run: what it found, and where it went on. */
export interface StartView {
  readonly number: number
  /** ISO 8601, UTC. */
  readonly at: string
  /** What was tried and passed over, and why; newest first. */
  readonly skipped: readonly { readonly epoch: number | null; readonly reason: string }[]
  /** Why it began at the first commit although something was saved. */
  readonly again?: string
  /** Where it went on; absent until that is found, and when it is not. */
  readonly chosen?: { readonly epoch: number | null; readonly position: number }
  /** The epochs that its saves gave up. */
  readonly pruned?:
    | { readonly first: number; readonly last: number; readonly count: number }
    | undefined
  readonly end?: {
    readonly state: Exclude<RunView['state'], 'idle' | 'running'>
    readonly position: number
    readonly total: number
    readonly error?: ErrorView
  }
}

/** What holds, whoever asks: the sealed result, and what is published of each branch. */
export interface GuardView {
  readonly commit?: string
  readonly sealed?: { readonly root: string; readonly chunks: number; readonly checkpoint: string }
  readonly digest?: string
  readonly epochsKept: number
  readonly published: readonly {
    readonly branch: string
    readonly position: number
    readonly commit: string
    readonly root: string
    readonly publishedAt: string
  }[]
  readonly damaged: readonly { readonly branch: string; readonly reason: string }[]
  readonly kept?: KeptView
}

/** What is kept under layers, and how far it came on its way back from the medium. */
export interface KeptView {
  /** From the value to the medium; what is read comes the other way. */
  readonly layers: readonly LayerView[]
  readonly report: KeptItemView
  readonly settings: KeptItemView
}

/** A layer, and what it said of what was read: the outermost looks first. */
export interface LayerView {
  readonly name: string
  readonly id: string
  readonly state: 'passed' | 'refused' | 'not reached' | 'nothing yet'
}

/** Something that is kept. */
export interface KeptItemView {
  readonly state: 'genuine' | 'refused' | 'none'
  /** ISO 8601, UTC. */
  readonly savedAt?: string
  readonly error?: ErrorView
  readonly refusedBy?: string
  readonly remedy?: string
}

/** What is known of each chunk of the sealed result. */
export interface ChunksView {
  readonly state: 'unknown' | 'checking' | 'proven' | 'refused'
  readonly root?: string
  readonly cells: readonly ChunkView[]
  /** What kept it from being checked at all. */
  readonly error?: ErrorView
}

/** A chunk: named by the list of chunks, and then either proven or refused. */
export interface ChunkView {
  readonly index: number
  readonly digest: string
  readonly state: 'known' | 'proven' | 'refused'
  readonly error?: ErrorView
}

/** The numbers of a finished run: those of `strata run --json --detail`. */
export interface ReportView {
  readonly commit: string | null
  readonly position: number
  readonly firstDay: string | null
  readonly lastDay: string | null
  readonly medianDay: string | null
  readonly files: number
  readonly lines: number
  readonly hotspots: readonly {
    readonly path: string
    readonly lines: number
    readonly commits: number
    readonly churn: number
    readonly medianDay: string | null
  }[]
  readonly coChanges: readonly {
    readonly paths: readonly string[]
    readonly support: number
    readonly confidence: number
  }[]
  readonly ownership: readonly {
    readonly directory: string
    readonly lines: number
    readonly authors: readonly {
      readonly name: string
      readonly lines: number
      readonly share: number
    }[]
  }[]
  readonly root: string | null
  readonly digest: string
}

/** What is known before the first run. */
export function newLive(about: About): Live {
  return {
    about,
    run: {
      state: 'idle',
      position: 0,
      total: 0,
      resumedFrom: 0,
      commitsPerSecond: 0,
      elapsedMs: 0,
      epochs: [],
      phases: {},
    },
    strata: [],
    pace: [],
    recovery: [],
    guard: { epochsKept: 0, published: [], damaged: [] },
    chunks: { state: 'unknown', cells: [] },
    report: null,
    chaos: { state: 'idle', seed: 0, acts: [] },
  }
}
