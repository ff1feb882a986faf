/** What came back for one request: it was done, it was refused, or nobody knows. */
export type Answer<T> = Done<T> | Refused | Garbled | Lost

/** The request was carried out. */
export interface Done<T> {
  readonly kind: 'done'
  readonly value: T
}

/** The server said no. Whether it did something all the same depends on the status. */
export interface Refused {
  readonly kind: 'refused'
  readonly status: number
  /** The server's word for it (`NoSuchKey`); empty when it gave none. */
  readonly code: string
  /** How long the server asks us to wait. */
  readonly retryAfterMs?: number
}

/** The server said yes, in words that no S3 server uses. What it did is anybody's guess. */
export interface Garbled {
  readonly kind: 'garbled'
  readonly reason: string
}

/** No answer: a reset, a time-out, a name that does not resolve. */
export interface Lost {
  readonly kind: 'lost'
  /** Whether any of the request may have reached the server. */
  readonly sent: boolean
  /** The system's word for it (`ECONNRESET`), as far as there is one. */
  readonly system: string
  readonly cause?: unknown
}

/** What an object is: its entity tag without quotes, its size, and the nonce of its writer. */
export interface ObjectFacts {
  readonly etag: string
  readonly sizeBytes: number
  readonly nonce?: string
}

/** A part of an object, received whole. */
export interface ObjectPart extends ObjectFacts {
  readonly bytes: Uint8Array
}

/** An object in a listing. */
export interface ListedObject extends ObjectFacts {
  readonly name: string
}

/** One page of a listing. */
export interface ListPage {
  readonly objects: readonly ListedObject[]
  /** Where the next page begins; `undefined` on the last. */
  readonly next: string | undefined
}

/** The condition of a write: no object of that name, or still the one with this entity tag. */
export type Condition = 'absent' | { readonly ifMatch: string }

/** What every request takes. */
export interface RequestOptions {
  readonly signal: AbortSignal
}

/** A write of one object in one request. */
export interface PutRequest extends RequestOptions {
  readonly name: string
  readonly body: Uint8Array
  /** Stored with the object, so that its writer can be told. */
  readonly nonce: string
  readonly condition: Condition | undefined
}

/** A part of an upload, numbered from 1. */
export interface UploadedPart {
  readonly number: number
  readonly etag: string
}

/**
 * The few calls of an object store that a blob store is made of. Each is one request: no call
 * repeats itself, for a repeated write that won the first time would be told that it lost.
 *
 * No call throws or rejects; a programming mistake aside, everything is an {@link Answer}.
 */
export interface ObjectClient {
  /** Where this is, for people: never with credentials. */
  readonly place: string

  put(request: PutRequest): Promise<Answer<{ readonly etag: string }>>

  /**
   * Bytes `start` to `end` (exclusive), as far as the object reaches. A missing object is refused
   * with status 404, a start at or past its end with 416.
   */
  get(
    request: RequestOptions & {
      readonly name: string
      readonly start: number
      readonly end: number
    },
  ): Promise<Answer<ObjectPart>>

  head(request: RequestOptions & { readonly name: string }): Promise<Answer<ObjectFacts>>

  list(
    request: RequestOptions & {
      readonly prefix: string
      readonly startAfter: string | undefined
      readonly token: string | undefined
      readonly limit: number
    },
  ): Promise<Answer<ListPage>>

  deleteOne(request: RequestOptions & { readonly name: string }): Promise<Answer<void>>

  /** Deletes up to 1 000 objects; gives the code of each that was not. */
  deleteMany(
    request: RequestOptions & { readonly names: readonly string[] },
  ): Promise<Answer<ReadonlyMap<string, string>>>

  createUpload(
    request: RequestOptions & { readonly name: string; readonly nonce: string },
  ): Promise<Answer<{ readonly uploadId: string }>>

  uploadPart(
    request: RequestOptions & {
      readonly name: string
      readonly uploadId: string
      readonly number: number
      readonly body: Uint8Array
    },
  ): Promise<Answer<{ readonly etag: string }>>

  completeUpload(
    request: RequestOptions & {
      readonly name: string
      readonly uploadId: string
      readonly parts: readonly UploadedPart[]
      readonly condition: Condition | undefined
    },
  ): Promise<Answer<void>>

  abortUpload(
    request: RequestOptions & { readonly name: string; readonly uploadId: string },
  ): Promise<Answer<void>>

  /** Lets go of connections, as far as they are this client's own. */
  close(): void
}

/** The name of the metadata entry that holds the writer's nonce. */
export const NONCE_NAME = 'tidemark-nonce'

/** A request that was carried out. */
export function done<T>(value: T): Done<T> {
  return { kind: 'done', value }
}

/** An answer that makes no sense. */
export function garbled(reason: string): Garbled {
  return { kind: 'garbled', reason }
}

/** An entity tag without the quotes and the mark of weakness that servers differ in. */
export function bareEtag(etag: string | null | undefined): string {
  return (etag ?? '').replace(/^W\//, '').replace(/^"(.*)"$/, '$1')
}
