import type { CallOptions } from '@tidemark/core'
import type { Credentials } from '../client/exchange.ts'
import type { ObjectClient } from '../client/object-client.ts'
import type { S3Limits } from '../context.ts'
import type { RetryOptions } from '../policy/retry.ts'

/** Options that every way of opening a bucket has. */
export interface S3StoreOptions extends CallOptions {
  /**
   * Goes in front of every key: `'team-a/'`. Segments of a blob key, with a slash at the end.
   * Default: none.
   */
  readonly prefix?: string
  /**
   * Opens an endpoint that does not honour create-only. You vouch that no other store, in this
   * process or any other, writes below the prefix at the same time. `supports` then says so.
   */
  readonly exclusiveWriter?: boolean
  /** How often requests are repeated, and how long is waited. */
  readonly retry?: RetryOptions
  /** Bounds of memory and of what a server may send. */
  readonly limits?: Partial<S3Limits>
  /** Clock, randomness and network, for tests. */
  readonly runtime?: S3Runtime
}

/** What a store takes from its surroundings. */
export interface S3Runtime {
  readonly fetch?: typeof fetch
  readonly now?: () => number
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>
  readonly random?: () => number
  readonly randomBytes?: (count: number) => Uint8Array
}

/** Options of {@link S3BlobStore.open}. */
export interface S3Options extends S3StoreOptions {
  /** The bucket. It must exist. */
  readonly bucket: string
  /** The address of the service, without the bucket. Default: AWS in `region`. */
  readonly endpoint?: string
  /** Default `us-east-1`, which servers of one's own mostly go by. */
  readonly region?: string
  /** Keys, or what fetches them anew before each request. */
  readonly credentials: Credentials | (() => Promise<Credentials>)
  /** Whether the bucket is in the path, not in the host. Default: with an `endpoint`, yes. */
  readonly pathStyle?: boolean
}

/** Options of {@link S3BlobStore.over}. */
export interface S3ClientOptions extends S3StoreOptions {
  /** The calls of an object store: over an SDK, or your own. */
  readonly client: ObjectClient
}
