import type { Fault } from '@tidemark/stream-store'
import type { Phase } from './phases.ts'

/** What happens in a run, in the order in which it happens. */
export type RunEvent =
  | CheckpointSkipped
  | HistoryCut
  | StartedAgain
  | Started
  | CommitRead
  | LayersSeen
  | PlaceSaving
  | PlaceSaved
  | PhaseDone
  | NotKept

/** A saved place is damaged, or of another version: the one before it is looked at. */
export interface CheckpointSkipped {
  readonly kind: 'checkpoint-skipped'
  /** `undefined`: so damaged that nobody knows which epoch it was. */
  readonly epoch: number | undefined
  /** What is wrong with it, in a word: it is damaged, not there, or of another version. */
  readonly fault: Fault
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
  /** The saved epoch that it goes on from; absent when it begins at the first commit. */
  readonly epoch?: number
}

/** A commit was read and is part of the state. */
export interface CommitRead {
  readonly kind: 'read'
  readonly position: number
  readonly total: number
}

/** How old the surviving lines were after a commit; told only to who asks for detail. */
export interface LayersSeen {
  readonly kind: 'layers'
  readonly position: number
  readonly total: number
  /** The lines by when they were born, oldest first, without empty layers. */
  readonly layers: readonly { readonly name: string; readonly lines: number }[]
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
  /** The epochs that were given up for it. */
  readonly pruned: readonly number[]
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
