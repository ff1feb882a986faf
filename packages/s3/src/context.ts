import type { ObjectClient } from './client/object-client.ts'
import type { RetryPolicy } from './policy/retry.ts'

/** How an endpoint takes the current entity tag as a condition of a write, if at all. */
export type EtagStyle = 'quoted' | 'unquoted' | 'none'

/** What every part of a store works with. */
export interface S3Context {
  readonly client: ObjectClient
  readonly policy: RetryPolicy
  /** Goes in front of every key. */
  readonly prefix: string
  /** `false`: the endpoint ignores it, and the caller vouches that nobody else writes. */
  readonly canCreateOnly: boolean
  readonly etagStyle: EtagStyle
  /** Whether several objects can be deleted in one request. */
  readonly canDeleteMany: boolean
  /** Whether the end of an upload can be conditional. Asked when first needed. */
  readonly canCompleteOnly: () => Promise<boolean>
  readonly newNonce: () => string
  readonly limits: S3Limits
}

/** Bounds of what is held in memory and taken from outside. */
export interface S3Limits {
  /** Blobs up to this size are one request. */
  readonly singlePutBytes: number
  /** Larger ones go in parts of this size, all but the last. */
  readonly partSizeBytes: number
  /** Parts of one blob that are on their way at the same time. */
  readonly uploadConcurrency: number
  /** The largest blob with a condition where the end of an upload cannot have one. */
  readonly largestCreateBytes: number
  /** Pages of one listing. */
  readonly listPages: number
}

/** The name of the object that holds a blob. */
export function objectName({ prefix }: S3Context, key: string): string {
  return prefix + key
}
