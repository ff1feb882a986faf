import { errorFactory, type CoreError, type ErrorFactory, type ErrorOf } from '@tidemark/core'
import type { LogPersistenceError } from '@tidemark/log-persistence'
import type { MkvsError } from '@tidemark/mkvs-chunks'
import type { OperationError } from '@tidemark/operation'
import type { StreamStoreError } from '@tidemark/stream-store'

/** The errors of Strata beside those of core. Each message says what to do. */
export interface StrataErrors {
  /** There is no `git` to run. Install it, or put it on the PATH. */
  GIT_NOT_FOUND: { readonly path: string | undefined }
  /** The path does not exist, is no directory, or may not be read. Name another, or allow it. */
  PATH_UNREADABLE: { readonly path: string; readonly system: string }
  /** Neither the path nor a directory above it is a git repository. Name one that is. */
  NOT_A_REPOSITORY: { readonly path: string }
  /** The repository belongs to somebody else. If you trust it, do what `remedy` says. */
  DUBIOUS_OWNERSHIP: { readonly path: string; readonly remedy: string }
  /** An object of the history is not here: a partial clone, or a damaged one. Fetch it whole. */
  OBJECTS_MISSING: { readonly message: string }
  /** Git ended with a failure that has no code of its own; `message` is what it said. */
  GIT_FAILED: { readonly command: string; readonly exit: number | string; readonly message: string }
  /** Git's output is not of the form asked for. Report it with the version of git. */
  GIT_OUTPUT_UNKNOWN: { readonly expected: string }
  /** A difference does not fit the lines known so far. Start again with `--fresh`; report it. */
  HISTORY_MISMATCH: { readonly commit: string; readonly path: string }
  /**
   * The key of what is kept cannot be used. `form`: it is not 64 hex digits. `absent`: something is
   * kept, and its key is not here. `exposed`: others may read its file. The message says what to do.
   */
  KEY_UNUSABLE: {
    readonly source: 'STRATA_KEY' | 'file'
    readonly reason: 'form' | 'absent' | 'exposed'
    readonly path?: string
  }
  /** Strata's own folder in the git directory cannot be written. Allow it, or repair it. */
  LOCAL_UNWRITABLE: { readonly path: string; readonly system: string }
  /** There is no such setting, or it cannot have that value. The message says what can be. */
  SETTING_UNKNOWN: { readonly name: string; readonly value?: string }
  /** What `chaos` broke went unseen, or did not end as it must. A bug: report it with the seed. */
  HARM_UNSEEN: { readonly seen: string }
  /** `serve` cannot listen on that port. Name another, or none: then it takes one that is free. */
  PORT_UNAVAILABLE: { readonly port: number; readonly system: string }
}

/** An error of Strata, by code. */
export type StrataError<Code extends keyof StrataErrors = keyof StrataErrors> = ErrorOf<
  StrataErrors,
  Code
>

/** Whatever ends a run: an error of Strata, of core or of a capability. */
export type Failure =
  | StrataError
  | CoreError
  | StreamStoreError
  | OperationError
  | MkvsError
  | LogPersistenceError

/** Makes the errors of Strata. */
export const strataError: ErrorFactory<StrataErrors> = errorFactory<StrataErrors>({
  GIT_NOT_FOUND: 'unavailable',
  PATH_UNREADABLE: 'invalid',
  NOT_A_REPOSITORY: 'invalid',
  DUBIOUS_OWNERSHIP: 'invalid',
  OBJECTS_MISSING: 'corrupt',
  GIT_FAILED: 'unavailable',
  GIT_OUTPUT_UNKNOWN: 'internal',
  HISTORY_MISMATCH: 'internal',
  KEY_UNUSABLE: 'invalid',
  LOCAL_UNWRITABLE: 'unavailable',
  SETTING_UNKNOWN: 'invalid',
  HARM_UNSEEN: 'internal',
  PORT_UNAVAILABLE: 'unavailable',
})
