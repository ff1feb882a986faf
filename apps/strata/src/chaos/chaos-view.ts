/** What can be done to a store, a process or a history. */
export const ACTS = [
  'kill',
  'flip-state',
  'truncate-record',
  'delete-record',
  'swap-chunks',
  'lie-about-chunks',
  'tamper-settings',
  'old-report',
  'force-push',
] as const

/** One of {@link ACTS}. */
export type ActName = (typeof ACTS)[number]

/** What came of an act. */
export interface ActView {
  readonly act: ActName
  /** What was done, in a sentence: names, numbers and places of this very run. */
  readonly did: string
  /** The typed error; absent where nothing was refused because nothing was wrong. */
  readonly error?: { readonly code: string; readonly message: string }
  /** The package that noticed; of the layers, also which. */
  readonly caughtBy: string
  /** How it went on, in a sentence. */
  readonly recovered: string
  /** The digest at the end. */
  readonly digest: string
  /** Whether that is the digest of a run that nobody touched. */
  readonly isSame: boolean
}

/** What was done so far. */
export interface ChaosView {
  readonly state: 'idle' | 'running' | 'done' | 'failed'
  readonly seed: number
  /** The act at hand. */
  readonly now?: ActName
  /** The digest of a run of the same history that nobody touched. */
  readonly untouched?: string
  readonly acts: readonly ActView[]
  readonly error?: { readonly code: string; readonly message: string }
}
