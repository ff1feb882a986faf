import type { Tip } from '../log/commit-log.ts'
import { encodeName } from './identifier.ts'

/** `blob/<encoded identifier>/<record number>.<nonce>.<index>` */
const STAGED_KEY = /^blob\/([nh]-[a-z0-9_-]+)\/([0-9]+)\.[a-z0-9.]+$/

/** The prefix of an identifier's log: many logs share one directory and its syncs. */
export function logPrefix(encoded: string): string {
  return `log/${encoded}.`
}

/** The beginning of the keys of blobs that are staged for the record after a tip. */
export function stagingPrefix(identifier: string, after: Tip | undefined): string {
  return `blob/${encodeName(identifier)}/${(after?.seq ?? 0) + 1}.`
}

/** Whose a staged blob is, and for which record; `undefined` for a key that is none of ours. */
export function stagedFor(key: string): { encoded: string; seq: number } | undefined {
  const [, encoded, digits] = STAGED_KEY.exec(key) ?? []
  if (encoded === undefined || digits === undefined) return undefined
  return { encoded, seq: Number(digits) }
}

/** What a presence file says of an identifier: read, drafted, or being staged for. */
export function pinName(what: 'read' | 'draft' | 'stage', encoded: string): string {
  return `${what}:${encoded}`
}
