import type { Phase } from './phases.ts'

/** What happens in a run, in the order in which it happens. */
export type RunEvent =
  | CheckpointSkipped
  | HistoryCut
  | StartedAgain
  | Started
  | CommitRead
  | PlaceSaving
  | PlaceSaved
  | PhaseDone
  | NotKept

/** A saved place is damaged, or of another version: the one before it is looked at. */
export interface CheckpointSkipped {
  readonly kind: 'checkpoint-skipped'
  /** `undefined`: so damaged that nobody knows which epoch it was. */
  readonly epoch: number | undefined
  readonly reason: string
}

/** The repository is a shallow clone: lines older than its first commit count as born there. */
export interface HistoryCut {
  readonly kind: 'history-cut'
  /** The first commit that is there. */
  readonly commit: string
}

/** The saved place is of no use: the history is read from its beginning. */
export interface StartedAgain {
  readonly kind: 'started-again'
  /**
   * `rewritten`: the commit reached is not on the line to the present one. `deepened`: the clone
   * was shallow, and has more (or less) history now. `unusable`: nothing saved is whole. `earlier`:
   * an earlier version of Strata saved it, in a way of its own.
   */
  readonly reason: 'rewritten' | 'deepened' | 'unusable' | 'earlier'
  /** The commit that was reached. */
  readonly commit: string | undefined
  /** What an earlier version left behind, and what is left alone. */
  readonly folder?: string
}

/** Reading begins, after `position` commits that need not be read again. */
export interface Started {
  readonly kind: 'started'
  readonly position: number
  readonly total: number
}

/** A commit was read and is part of the state. */
export interface CommitRead {
  readonly kind: 'read'
  readonly position: number
  readonly total: number
}

/** The place is about to be saved; nothing is read until it is. */
export interface PlaceSaving {
  readonly kind: 'saving'
  readonly position: number
  readonly total: number
}

/** The place is saved: it survives `kill -9` and a power cut. */
export interface PlaceSaved {
  readonly kind: 'saved'
  readonly position: number
  readonly total: number
  readonly epoch: number
}

/** A phase is done now, or an earlier run of the same commit has done it. */
export interface PhaseDone {
  readonly kind: 'phase'
  readonly phase: Phase
  readonly outcome: 'done' | 'known'
}

/** The report is not saved, and no settings are read: there is no place for the key. */
export interface NotKept {
  readonly kind: 'not-kept'
  readonly reason: string
}
