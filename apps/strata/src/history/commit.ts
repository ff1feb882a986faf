/** One commit of the first-parent line, as its difference from the commit before it. */
export interface Commit {
  readonly id: string
  /** When it was committed: whole days since 1970-01-01, UTC, from the commit itself. */
  readonly day: number
  /** Who wrote it, as the commit itself has it. */
  readonly author: Signature
  readonly changes: readonly Change[]
}

/** A name and an address, one character per byte; either may be empty. */
export interface Signature {
  readonly name: string
  readonly email: string
}

/** What happened to one path. Only regular files have lines: a link or a submodule is no file. */
export type Change = FileChange | Removal

/** A regular file as it is after the commit. */
export interface FileChange {
  readonly kind: 'file'
  /** The path now, one character per byte. */
  readonly path: string
  /** The path whose lines it goes on from; `undefined` for a file that begins here. */
  readonly from: string | undefined
  /** How the lines changed. */
  readonly edit: Edit
}

/** A path that is no regular file any more. */
export interface Removal {
  readonly kind: 'gone'
  readonly path: string
}

/** How the lines of a file changed: hunk by hunk, or all at once, or it has none. */
export type Edit =
  | { readonly kind: 'hunks'; readonly hunks: Hunks }
  | { readonly kind: 'rewritten'; readonly lines: number }
  | { readonly kind: 'binary' }

/**
 * Hunks in ascending order, four numbers each: old start, old count, new start, new count, as in
 * a unified diff without context.
 */
export type Hunks = readonly number[]
