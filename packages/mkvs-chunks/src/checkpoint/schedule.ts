/** What a checkpointer makes, and how much of it stays. */
export interface CreationParameters {
  /** A checkpoint every so many versions. 0: none on schedule. */
  readonly interval: bigint
  /** So many checkpoints stay; there is one more until the pass after. */
  readonly numKept: number
  /** See `Creator.createCheckpoint`. */
  readonly chunkSize: number
  /** The schedule counts from here, and a checkpoint of it stays for ever. Default 0. */
  readonly initialVersion?: bigint
  /** See `Creator.createCheckpoint`. Default 0. */
  readonly chunkerThreads?: number
}

/** The checkpoints there are, by version. */
export interface ExistingVersions {
  /** Versions with a checkpoint of each root, ascending. */
  readonly complete: readonly bigint[]
  /** Versions with some of them, ascending. */
  readonly partial: readonly bigint[]
}

/** The versions to make checkpoints of when `version` is the newest one: newest first. */
export function versionsToCreate(
  version: bigint,
  existing: ExistingVersions,
  earliest: bigint,
  parameters: CreationParameters,
): bigint[] {
  const { interval, numKept, initialVersion = 0n } = parameters
  if (interval <= 0n || version < initialVersion) return []
  const last = existing.complete.at(-1) ?? 0n
  const first = [last + 1n, earliest, initialVersion].reduce((a, b) => (a > b ? a : b))
  const versions: bigint[] = []
  let next = ((version - initialVersion) / interval) * interval + initialVersion
  while (next >= first) {
    versions.push(next)
    if (versions.length >= numKept || next < interval) break
    next -= interval
  }
  return versions
}

/**
 * The versions whose checkpoints go, of those that existed before a pass. What a failed pass left
 * partial goes; `countPartial` is the original's way: it stays, and counts as a kept one.
 */
export function versionsToDelete(
  { complete, partial }: ExistingVersions,
  { numKept, initialVersion = 0n }: CreationParameters,
  countPartial: boolean,
): bigint[] {
  const counted = countPartial
    ? [...complete, ...partial].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    : [...complete]
  if (counted[0] === initialVersion) counted.shift()
  const old = counted.slice(0, Math.max(0, counted.length - numKept))
  return countPartial ? old : [...old, ...partial]
}
