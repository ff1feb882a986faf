import type { ResidentLeaf } from './resident.ts'

/** What happened to one key since the last commit: its new value, or `undefined` for removed. */
export interface WriteLogEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

/**
 * What changed since the last commit: one entry per touched key, in no promised order. A key that
 * neither existed before nor exists now has none. Applied to the old tree it makes the new one.
 */
export type WriteLog = readonly WriteLogEntry[]

/** Remembers which leaves were touched since the last commit. */
export interface WriteLogBook {
  readonly touched: ResidentLeaf[]
}

/** Notes that a leaf was written or removed. */
export function noteTouched(book: WriteLogBook, leaf: ResidentLeaf): void {
  if (leaf.logged) return
  leaf.logged = true
  book.touched.push(leaf)
}

/** The write log so far. `exists` says whether the tree has a key now. */
export function writeLogOf(book: WriteLogBook, exists: (key: Uint8Array) => boolean): WriteLog {
  const log: WriteLogEntry[] = []
  for (const { key, value, removed, committed } of book.touched) {
    if (!removed) log.push({ key, value })
    else if (committed && !exists(key)) log.push({ key, value: undefined })
  }
  return log
}

/** Begins the next write log: what is in the tree now is committed. */
export function startNextLog(book: WriteLogBook): void {
  for (const leaf of book.touched) {
    leaf.logged = false
    leaf.committed = !leaf.removed
  }
  book.touched.length = 0
}
