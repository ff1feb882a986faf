import { errorFactory, type CoreError, type ErrorFactory, type ErrorOf } from '@tidemark/core'

/** Where an error stands in the original: its module, its number there, and its text. */
export interface Upstream {
  readonly module: 'storage/mkvs/checkpoint' | 'storage/mkvs/db'
  readonly code: number
  readonly text: string
}

/** The errors of `@tidemark/mkvs-chunks`. Hashes and digests are hex; indices are decimal. */
export interface MkvsErrors {
  /** No checkpoint of this root, or of this format version. Ask for another one. */
  CHECKPOINT_NOT_FOUND: { readonly identifier: string; readonly upstream: Upstream }
  /** The checkpoint has no such chunk, or its bytes are gone. Ask somebody else for it. */
  CHUNK_NOT_FOUND: { readonly index: string; readonly upstream: Upstream }
  /** A restore is open on this restorer. Finish it or abort it first. */
  RESTORE_ALREADY_IN_PROGRESS: { readonly root: string; readonly upstream: Upstream }
  /** No restore is open, or the one this chunk was for has ended. Start one. */
  NO_RESTORE_IN_PROGRESS: { readonly upstream: Upstream }
  /** The chunk is not pending: restored, being restored, or no chunk of this checkpoint. Go on. */
  CHUNK_ALREADY_RESTORED: {
    readonly index: number
    readonly reason: 'done' | 'in-flight' | 'out-of-range'
    readonly upstream: Upstream
  }
  /**
   * The chunk is what the metadata promises and still proves nothing, or all chunks together leave
   * holes (`incomplete`). The checkpoint is a lie: the restore was aborted, drop its providers.
   */
  CHUNK_PROOF_VERIFICATION_FAILED: {
    readonly index?: number
    readonly reason: string
    readonly upstream: Upstream
  }
  /** The bytes are not the chunk's. The restore goes on: fetch this chunk again, elsewhere. */
  CHUNK_CORRUPTED: { readonly index: number; readonly upstream: Upstream }
  /** The proof does not prove what it says. Never trust who sent it. */
  PROOF_INVALID: { readonly reason: string }
  /** The bytes are no record of this kind, or not in its one canonical form. Refuse the sender. */
  MALFORMED: { readonly what: string; readonly reason: string }
  /** A node the tree points at is not there. In a proof: the proof does not cover this key. */
  NODE_NOT_FOUND: { readonly hash: string }
  /** The committed tree has another root than the expected one. Nothing was written. */
  ROOT_MISMATCH: { readonly expected: string; readonly actual: string }
  /** The node database does not allow this now. `upstream` names the rule. Nothing was written. */
  NODE_DB_REFUSED: { readonly reason: NodeDbRefusal; readonly upstream: Upstream }
  /** A commit of this tree is being written. Wait for it, then repeat the call. */
  BUSY: { readonly what: string }
}

/** Why a node database refuses a call. */
export type NodeDbRefusal =
  | 'not-finalized'
  | 'already-finalized'
  | 'version-not-found'
  | 'root-not-found'
  | 'root-must-follow'
  | 'bad-namespace'
  | 'not-earliest'
  | 'multipart-in-progress'
  | 'invalid-multipart-version'
  | 'cannot-prune-latest'

/** An error of this package, by code. */
export type MkvsError<Code extends keyof MkvsErrors = keyof MkvsErrors> = ErrorOf<MkvsErrors, Code>

/** What any medium under this package may answer. */
export type MediumError = CoreError<
  | 'ABORTED'
  | 'CLOSED'
  | 'CONFLICT'
  | 'CORRUPTED'
  | 'INVALID_ARGUMENT'
  | 'IO_FAILED'
  | 'LIMIT_EXCEEDED'
  | 'NO_SPACE'
  | 'OUTCOME_UNKNOWN'
  | 'UNSUPPORTED'
>

/** Makes the errors of this package. */
export const mkvsError: ErrorFactory<MkvsErrors> = errorFactory<MkvsErrors>({
  CHECKPOINT_NOT_FOUND: 'not-found',
  CHUNK_NOT_FOUND: 'not-found',
  RESTORE_ALREADY_IN_PROGRESS: 'conflict',
  NO_RESTORE_IN_PROGRESS: 'conflict',
  CHUNK_ALREADY_RESTORED: 'conflict',
  CHUNK_PROOF_VERIFICATION_FAILED: 'corrupt',
  CHUNK_CORRUPTED: 'corrupt',
  PROOF_INVALID: 'corrupt',
  MALFORMED: 'corrupt',
  NODE_NOT_FOUND: 'not-found',
  ROOT_MISMATCH: 'conflict',
  NODE_DB_REFUSED: 'conflict',
  BUSY: 'unavailable',
})

/** Our codes of the seven checkpoint errors of the original. */
export type UpstreamCode =
  | 'CHECKPOINT_NOT_FOUND'
  | 'CHUNK_NOT_FOUND'
  | 'RESTORE_ALREADY_IN_PROGRESS'
  | 'NO_RESTORE_IN_PROGRESS'
  | 'CHUNK_ALREADY_RESTORED'
  | 'CHUNK_PROOF_VERIFICATION_FAILED'
  | 'CHUNK_CORRUPTED'

/** The seven checkpoint errors of the original, by our code. */
export const UPSTREAM: Readonly<Record<UpstreamCode, Upstream>> = {
  CHECKPOINT_NOT_FOUND: checkpoint(1, 'checkpoint: not found'),
  CHUNK_NOT_FOUND: checkpoint(2, 'checkpoint: chunk not found'),
  RESTORE_ALREADY_IN_PROGRESS: checkpoint(3, 'checkpoint: restore already in progress'),
  NO_RESTORE_IN_PROGRESS: checkpoint(4, 'checkpoint: no restore in progress'),
  CHUNK_ALREADY_RESTORED: checkpoint(5, 'checkpoint: chunk already restored'),
  CHUNK_PROOF_VERIFICATION_FAILED: checkpoint(6, 'chunk: chunk proof verification failed'),
  CHUNK_CORRUPTED: checkpoint(7, 'chunk: corrupted chunk'),
}

/** The node database errors of the original, by our reason. */
const DB_REFUSALS: Readonly<Record<NodeDbRefusal, Upstream>> = {
  'not-finalized': db(3, 'mkvs: version is not yet finalized'),
  'already-finalized': db(4, 'mkvs: version has already been finalized'),
  'version-not-found': db(5, 'mkvs: version not found'),
  'root-not-found': db(8, 'mkvs: root not found'),
  'root-must-follow': db(9, 'mkvs: root must follow old root'),
  'bad-namespace': db(10, 'mkvs: bad namespace'),
  'not-earliest': db(11, 'mkvs: version is not the earliest version'),
  'multipart-in-progress': db(13, 'mkvs: multipart already in progress'),
  'invalid-multipart-version': db(14, 'mkvs: invalid multipart version'),
  'cannot-prune-latest': db(16, 'mkvs: cannot prune latest version'),
}

/** The node database refuses a call for a reason that the original numbers. */
export function refused(reason: NodeDbRefusal): MkvsError<'NODE_DB_REFUSED'> {
  const upstream = DB_REFUSALS[reason]
  return mkvsError('NODE_DB_REFUSED', upstream.text, { reason, upstream })
}

/** Bytes or a value are not a record of its kind. */
export function malformed(what: string, reason: string): MkvsError<'MALFORMED'> {
  return mkvsError('MALFORMED', `${what}: ${reason}`, { what, reason })
}

function checkpoint(code: number, text: string): Upstream {
  return { module: 'storage/mkvs/checkpoint', code, text }
}

function db(code: number, text: string): Upstream {
  return { module: 'storage/mkvs/db', code, text }
}
