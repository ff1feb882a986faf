import type { CheckpointStore } from '../store/checkpoint-store.ts'

/** How a store of the suite is opened. */
export interface SubjectOptions {
  /** Every save keeps so many; absent: everything stays. */
  readonly keep?: number
}

/** The store under test, and how to get at it. A case that needs an absent hook is left out. */
export interface CheckpointStoreSubject {
  /** A new, empty store on a medium of its own. Orphans are old enough to be swept at once. */
  readonly open: (options: SubjectOptions) => Promise<CheckpointStore>
  /** Lets go of a store. */
  readonly close?: (store: CheckpointStore) => Promise<void>
  /** Another handle on the same checkpoints, taking them over, as after a restart. */
  readonly reopen?: (store: CheckpointStore) => Promise<CheckpointStore>
  /** Overwrites the manifest of an id with bytes. */
  readonly damageManifest?: (store: CheckpointStore, id: bigint, bytes: Uint8Array) => Promise<void>
  /** Flips a bit in the state of an id, or takes it away. */
  readonly damageState?: (
    store: CheckpointStore,
    id: bigint,
    how: 'flip' | 'remove' | 'shorten',
  ) => Promise<void>
  /** Whether `updateManifest` replaces: a store of the seven methods alone cannot. */
  readonly updates?: boolean
  /** Whether `cleanupOrphans` sweeps: a store of the seven methods alone does not. */
  readonly sweeps?: boolean
}

/** What a case needs of a subject. */
export type SubjectNeed = 'reopen' | 'damageManifest' | 'damageState' | 'updates' | 'sweeps'

/** A case before it is bound to a subject. */
export interface StoreCase {
  readonly name: string
  readonly needs?: readonly SubjectNeed[]
  readonly options?: SubjectOptions
  readonly run: (store: CheckpointStore, subject: Required<CheckpointStoreSubject>) => Promise<void>
}
