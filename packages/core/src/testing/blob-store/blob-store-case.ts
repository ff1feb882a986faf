import type { BlobStore, StoredBlob } from '../../blob/blob-store.ts'
import { check, succeeds } from '../check.ts'
import type { Feature } from '../contract.ts'

/** The medium under test, and how to get at it. */
export interface BlobStoreSubject {
  /** A new, empty store. The case closes it. */
  readonly open: () => BlobStore | Promise<BlobStore>
  /** Another handle on the same blobs, as another process would have. */
  readonly reopen?: (store: BlobStore) => BlobStore | Promise<BlobStore>
  /** Puts something into the medium that is no blob of ours: a file `README`, `.DS_Store`. */
  readonly plantForeign?: (store: BlobStore, name: string) => Promise<void>
  /** How often the medium was asked anything so far. */
  readonly countCalls?: (store: BlobStore) => number
}

/** A case before it is bound to a subject. */
export interface BlobStoreCase {
  readonly name: string
  readonly needs?: readonly Feature<BlobStore>[]
  /** The case is left out for subjects without this hook. */
  readonly hook?: 'reopen' | 'plantForeign' | 'countCalls'
  readonly run: (store: BlobStore, subject: BlobStoreSubject) => Promise<void>
}

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

/** Bytes that are easy to recognise in a message. */
export function bytesOf(text: string): Uint8Array {
  return utf8.encode(text)
}

/** Puts text, which must succeed. */
export async function putText(store: BlobStore, key: string, text: string): Promise<void> {
  await succeeds(store.put(key, bytesOf(text)), `put ${key}`)
}

/** The text under a key, or `undefined`. */
export async function textAt(store: BlobStore, key: string): Promise<string | undefined> {
  const bytes = await bytesAt(store, key)
  return bytes === undefined ? undefined : fromUtf8.decode(bytes)
}

/** The bytes under a key, or `undefined`. */
export async function bytesAt(store: BlobStore, key: string): Promise<Uint8Array | undefined> {
  const blob = await succeeds(store.get(key), `get ${key}`)
  return blob === undefined ? undefined : succeeds(blob.bytes(), `bytes of ${key}`)
}

/** The blob under a key, which must be there. */
export async function blobAt(
  store: BlobStore,
  key: string,
  range?: { readonly start: number; readonly end?: number },
): Promise<StoredBlob> {
  const options = range === undefined ? {} : { range }
  const blob = await succeeds(store.get(key, options), `get ${key}`)
  check(blob !== undefined, `${key} should be there`)
  return blob
}

/** A body in pieces. */
export async function* streamOf(
  ...pieces: readonly (string | Uint8Array)[]
): AsyncIterable<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? bytesOf(piece) : piece
}

/** Bytes that look random and are the same every time. */
export function patternBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[i] = state >>> 16
  }
  return bytes
}
