import type { Effect } from './disk-image.ts'
import type { ErrorId } from './system-error.ts'

/** The calls of the port, of its handles, and what a test writes into the journal itself. */
export type Call =
  | 'create'
  | 'open'
  | 'link'
  | 'rename'
  | 'unlink'
  | 'mkdir'
  | 'rmdir'
  | 'list'
  | 'stat'
  | 'syncDirectory'
  | 'read'
  | 'write'
  | 'datasync'
  | 'handleStat'
  | 'close'
  | 'mark'
  | 'plant'

/** What was asked of the disk. */
export interface Operation {
  readonly call: Call
  /** The path; of a call on a handle, the path it was opened by; of a mark, its label. */
  readonly path: string
  /** The second path of `link` and `rename`. */
  readonly to?: string
  /** Of `read` and `write`. */
  readonly position?: number
  /** Of `read` (as asked) and `write`. */
  readonly lengthBytes?: number
}

/** One line of the journal: what was asked, by whom, what it changed, how it failed. */
export interface JournalEntry extends Operation {
  readonly process: string
  readonly effects: readonly Effect[]
  readonly error?: ErrorId
}

/** One operation for a human: `write /d/t 0+3040`. */
export function formatOperation(operation: Operation): string {
  const { call, path, to, position, lengthBytes } = operation
  const range = position === undefined ? '' : ` ${position}+${lengthBytes ?? 0}`
  return `${call} ${path}${to === undefined ? '' : ` ${to}`}${range}`
}

/** One line of the journal for a human: `A rename /d/t /d/final = EIO`. */
export function formatEntry(entry: JournalEntry): string {
  const failure = entry.error === undefined ? '' : ` = ${entry.error}`
  return `${entry.process} ${formatOperation(entry)}${failure}`
}
