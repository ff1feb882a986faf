import { formatOperation, type JournalEntry } from './journal.ts'
import { openRefuses } from './system-error.ts'

/**
 * The system calls that a real run makes for this journal, so that it can be compared with what
 * {@link systemCallsOfStrace} reads out of a real one: `openat O_EXCL /d/t`,
 * `pwrite64 /d/t 0+3040`, `fdatasync /d/t`, `link /d/t /d/f`, `unlink /d/t`,
 * `openat O_DIRECTORY /d`, `fsync /d`, `close /d`. What failed ends in ` = EEXIST`. Calls on
 * a handle show the path it was opened by; marks and plants are no calls.
 */
export function systemCalls(journal: readonly JournalEntry[]): string[] {
  return journal.flatMap(callsOf)
}

function callsOf(entry: JournalEntry): string[] {
  const { call, path, error } = entry
  const failed = error === undefined ? '' : ` = ${error}`
  switch (call) {
    case 'mark':
    case 'plant':
      return []
    case 'create':
      return [`openat O_EXCL ${path}${failed}`]
    case 'open':
      return [`openat ${path}${failed}`]
    case 'syncDirectory':
      if (error !== undefined && openRefuses(error)) return [`openat O_DIRECTORY ${path}${failed}`]
      return [`openat O_DIRECTORY ${path}`, `fsync ${path}${failed}`, `close ${path}`]
    case 'list':
      if (error !== undefined) return [`openat O_DIRECTORY ${path}${failed}`]
      return [`openat O_DIRECTORY ${path}`, `getdents64 ${path}`, `close ${path}`]
    case 'stat':
    case 'handleStat':
      return [`statx ${path}${failed}`]
    case 'datasync':
      return [`fdatasync ${path}${failed}`]
    case 'read':
    case 'write':
      return [`p${call}64 ${path} ${entry.position}+${entry.lengthBytes}${failed}`]
    case 'link':
    case 'rename':
    case 'unlink':
    case 'mkdir':
    case 'rmdir':
    case 'close':
      return [`${formatOperation(entry)}${failed}`]
  }
}
