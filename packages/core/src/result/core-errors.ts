import { errorFactory, type ErrorFactory, type ErrorOf } from './error.ts'

/**
 * The errors of `@tidemark/core`, and the codes that every package shares.
 *
 * Each code means one thing in all packages. `key` and `identifier` are names, never values.
 */
export interface CoreErrors {
  /** No checkpoint of this name. Treat it as absent, or commit one. */
  CHECKPOINT_NOT_FOUND: { readonly identifier: string; readonly reason?: 'removed' | 'generation' }
  /** The checkpoint has no entry of this key. `keys()` lists what is there. */
  KEY_NOT_FOUND: { readonly identifier: string; readonly key: string }
  /** The name is taken. Load it, remove it, or pass `ifExists: 'replace'`. */
  CHECKPOINT_ALREADY_EXISTS: {
    readonly identifier: string
    readonly reason: 'committed' | 'draft'
  }
  /** Somebody reads it, here or in another process. Close the handles, then remove it. */
  CHECKPOINT_IN_USE: { readonly identifier: string }
  /** Somebody else was first, and what you built on is no longer the newest. Read, then retry. */
  CONFLICT: {
    readonly key?: string
    readonly identifier?: string
    readonly seq?: number
    readonly expected?: number | 'absent'
    readonly actual?: number | 'absent'
    readonly reason?: 'taken' | 'changed' | 'generation' | 'collected'
  }
  /** A live owner holds it. Wait for it (`wait`), stop it, or take over if you are sure. */
  LOCKED: {
    readonly what: string
    readonly owner: string
    readonly epoch: number
  }
  /** Another owner has taken over: what you write is refused for ever. Stop. */
  FENCED: { readonly what: string; readonly epoch: number; readonly by?: number }
  /** This handle is finished. `spent`: committed or aborted. Open or create a new one. */
  CLOSED: { readonly what: string; readonly reason: 'closed' | 'spent' | 'failed' }
  /** The medium failed. Check it, then repeat the call; nothing was acknowledged. */
  IO_FAILED: {
    readonly operation: string
    readonly key?: string
    readonly system?: string
    readonly reason?: 'permission' | 'read-only' | 'sync-failed' | 'symlink' | 'too-many-open'
  }
  /** The medium is full, or over quota. Free space, then repeat the call. */
  NO_SPACE: { readonly operation: string; readonly key?: string; readonly system?: string }
  /** The request may or may not have taken effect. Read back before you act on it. */
  OUTCOME_UNKNOWN: {
    readonly operation: string
    readonly key?: string
    readonly seq?: number
    readonly reason: 'no-answer' | 'superseded' | 'sync-failed' | 'aborted'
  }
  /** Stored bytes are not what was written. Restore them, or go back to an older checkpoint. */
  CORRUPTED: {
    readonly what: string
    readonly reason: string
    readonly key?: string
    readonly identifier?: string
    readonly entry?: string
    readonly seq?: number
    readonly lastGoodSeq?: number
    readonly layer?: string
  }
  /** A key says that these bytes were not written by who holds it. Do not use them; find out who did. */
  AUTHENTICATION_FAILED: {
    readonly what: string
    readonly reason: string
    readonly layer: string
    readonly identifier?: string
    readonly entry?: string
  }
  /** Sealed with a key that is not in the ring, or revoked. Add it, if you trust what it sealed. */
  UNKNOWN_KEY: {
    readonly keyId: string
    readonly reason: 'absent' | 'revoked'
    readonly layer?: string
    readonly identifier?: string
  }
  /** What is stored is older than you know it was: somebody put an old state back. Do not use it. */
  ROLLBACK_DETECTED: {
    readonly identifier: string
    readonly found: number
    readonly expected: number
  }
  /** A stored value cannot be decoded. The raw bytes stay readable with `getBytes`. */
  DECODE_FAILED: { readonly what: string; readonly codec?: string; readonly path?: string }
  /** A value cannot be stored without loss. `path` is the place in it. */
  ENCODE_FAILED: { readonly codec: string; readonly path: string; readonly reason: string }
  /**
   * The stored value was written in another way than it is read, or fails its schema. `issues` are in
   * the words of the schema's library, which may quote the value: keep them out of logs if it is secret.
   */
  SCHEMA_MISMATCH: {
    readonly identifier: string
    readonly key: string
    readonly issues: readonly { readonly message: string; readonly path: string }[]
  }
  /** A name is empty, too long, or not well-formed Unicode. Nothing was read or written. */
  INVALID_IDENTIFIER: {
    readonly what: 'identifier' | 'key'
    readonly reason: 'empty' | 'too-long' | 'malformed'
  }
  /** An argument is out of its range. Nothing was read or written. */
  INVALID_ARGUMENT: { readonly argument: string; readonly reason: string }
  /** More than a stated bound. Raise the limit if it is yours, or send less. */
  LIMIT_EXCEEDED: { readonly limit: string; readonly maximum: number; readonly actual?: number }
  /** The medium cannot do this. `supports` says what it can. */
  UNSUPPORTED: { readonly feature: string }
  /** Written by a newer version. Upgrade before you open it. Nothing was changed. */
  UNSUPPORTED_VERSION: { readonly what: string; readonly found: number; readonly supported: number }
  /** Written through another stack of layers. Open it with those of `found`; nothing was changed. */
  STACK_MISMATCH: {
    readonly expected: readonly string[]
    readonly found: readonly string[]
    readonly identifier?: string
  }
  /** The place cannot be opened as what was asked for. Nothing was changed. */
  OPEN_FAILED: { readonly what: string; readonly reason: string; readonly system?: string }
  /** Your signal fired. `committed` says whether anything had been made permanent. */
  ABORTED: { readonly operation: string; readonly committed: false | 'unknown' }
}

/** An error of core, by code. */
export type CoreError<Code extends keyof CoreErrors = keyof CoreErrors> = ErrorOf<CoreErrors, Code>

/** Makes the errors of core. For packages that report a shared code. */
export const coreError: ErrorFactory<CoreErrors> = errorFactory<CoreErrors>({
  CHECKPOINT_NOT_FOUND: 'not-found',
  KEY_NOT_FOUND: 'not-found',
  CHECKPOINT_ALREADY_EXISTS: 'conflict',
  CHECKPOINT_IN_USE: 'conflict',
  CONFLICT: 'conflict',
  LOCKED: 'unavailable',
  FENCED: 'closed',
  CLOSED: 'closed',
  IO_FAILED: 'unavailable',
  NO_SPACE: 'unavailable',
  OUTCOME_UNKNOWN: 'unknown',
  CORRUPTED: 'corrupt',
  AUTHENTICATION_FAILED: 'corrupt',
  UNKNOWN_KEY: 'not-found',
  ROLLBACK_DETECTED: 'corrupt',
  DECODE_FAILED: 'corrupt',
  ENCODE_FAILED: 'invalid',
  SCHEMA_MISMATCH: 'invalid',
  INVALID_IDENTIFIER: 'invalid',
  INVALID_ARGUMENT: 'invalid',
  LIMIT_EXCEEDED: 'invalid',
  UNSUPPORTED: 'invalid',
  UNSUPPORTED_VERSION: 'invalid',
  STACK_MISMATCH: 'invalid',
  OPEN_FAILED: 'invalid',
  ABORTED: 'aborted',
})
