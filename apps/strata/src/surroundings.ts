/** A stream to write text to. */
export interface Output {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
  /** How many characters fit in a line, where that is known. */
  readonly columns: number | undefined
}

/** All that a command can see of the world. */
export interface Surroundings {
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly out: Output
  readonly err: Output
  /** Aborts with the name of the signal as its reason. */
  readonly signal: AbortSignal
  /** Milliseconds from any fixed moment. */
  readonly now: () => number
  /** What a calendar says, for people; nothing is decided by it. */
  readonly date: () => Date
}
