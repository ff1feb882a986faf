import type { Failure } from './errors.ts'
import { refuserIn } from './kept/refusal.ts'

/** The exit codes of `strata`, as the README lists them. */
export const EXIT = {
  done: 0,
  /** Something failed that has no code of its own. */
  failed: 1,
  /** The command line is not understood. */
  usage: 2,
  /** The repository cannot be read. */
  repository: 3,
  /** The store cannot be opened, written or read. */
  store: 4,
  /** What was sealed is lost, or is not what was sealed. */
  refuted: 5,
  /** A branch does not go on from what was published of it. */
  rewritten: 6,
  /** The saved report or the settings are not what was saved, or the key does not fit. */
  refused: 7,
  /** SIGINT; the place is saved. */
  interrupted: 130,
  /** SIGTERM; the place is saved. */
  terminated: 143,
} as const

/** The exit code for a failure: what neither git nor Strata reports comes from the store. */
export function exitCodeOf(failure: { readonly code: string; readonly details: unknown }): number {
  if (refuserIn(failure) !== undefined) return EXIT.refused
  return CODES.get(failure.code) ?? EXIT.store
}

const CODES: ReadonlyMap<string, number> = new Map<Failure['code'], number>([
  ['GIT_NOT_FOUND', EXIT.repository],
  ['PATH_UNREADABLE', EXIT.repository],
  ['NOT_A_REPOSITORY', EXIT.repository],
  ['DUBIOUS_OWNERSHIP', EXIT.repository],
  ['OBJECTS_MISSING', EXIT.repository],
  ['GIT_FAILED', EXIT.failed],
  ['GIT_OUTPUT_UNKNOWN', EXIT.failed],
  ['HISTORY_MISMATCH', EXIT.failed],
  ['HARM_UNSEEN', EXIT.failed],
  ['PORT_UNAVAILABLE', EXIT.failed],
  ['CHECKPOINT_NOT_FOUND', EXIT.failed],
  ['LIMIT_EXCEEDED', EXIT.failed],
  ['ROLLBACK_DETECTED', EXIT.rewritten],
  ['KEY_UNUSABLE', EXIT.refused],
  ['SETTING_UNKNOWN', EXIT.usage],
  ['CHUNK_NOT_FOUND', EXIT.refuted],
  ['CHUNK_CORRUPTED', EXIT.refuted],
  ['CHUNK_PROOF_VERIFICATION_FAILED', EXIT.refuted],
])
