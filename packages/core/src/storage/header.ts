import { randomBytes } from '#digest'
import type { BlobStore, CallOptions } from '../blob/blob-store.ts'
import { toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import { err, ok, unwrap, type AsyncResult } from '../result/result.ts'
import type { LayerName } from './byte-storage.ts'
import { decodeJson, encodeJson, isJsonArray, isJsonObject, type JsonValue } from './json.ts'
import { stackMismatch } from './storage-errors.ts'
import type { PutEntryError, StorageReadError } from './storage.ts'

/** The blob that says what a place is: `{"format":"tidemark-storage","version":1}`. */
const HEADER_KEY = 'storage.json'
const FORMAT = 'tidemark-storage'
const VERSION = 1

/** A header is a line; more is not read. */
const MAX_HEADER_BYTES = 64 * 1024

/** Enough that no two places ever get the same name. */
const PLACE_BYTES = 16

/** What a header says beside what it is. */
export interface Header {
  /** What bytes pass through, from the value to the medium. */
  readonly layers: readonly LayerName[]
  /** A random name, so that layers can tell this place from any other. Only with layers. */
  readonly place: string | undefined
}

/** What a place says it is, if it is a storage already; fails when it is another one. */
export async function readHeader(
  store: BlobStore,
  layers: readonly LayerName[],
  options?: CallOptions,
): AsyncResult<Header | undefined, StorageReadError> {
  const blob = await store.get(HEADER_KEY, {
    ...options,
    range: { start: 0, end: MAX_HEADER_BYTES },
  })
  if (!blob.ok || blob.value === undefined) return blob.ok ? ok(undefined) : blob
  const bytes = await blob.value.bytes()
  if (!bytes.ok) return bytes
  const json = decodeJson(bytes.value, HEADER_KEY)
  const fields = json.ok && isJsonObject(json.value) ? json.value : {}
  const { format, version, place, layers: recorded } = fields
  if (format !== FORMAT || typeof version !== 'number' || version < 1) {
    return err(damaged('it does not describe a storage'))
  }
  if (version > VERSION) {
    const message = `this storage was made by a newer version (${version}); upgrade to open it`
    const details = { what: 'storage', found: version, supported: VERSION }
    return err(coreError('UNSUPPORTED_VERSION', message, details))
  }
  const found = layersOf(recorded)
  if (found === undefined) return err(damaged('its layers make no sense'))
  if (!isSameStack(layers, found)) return err(stackMismatch(layers, found))
  return ok({ layers: found, place: typeof place === 'string' ? place : undefined })
}

/** Marks a place as a storage. Whoever is first decides what it is. */
export async function writeHeader(
  store: BlobStore,
  layers: readonly LayerName[],
  options?: CallOptions,
): AsyncResult<Header, PutEntryError> {
  const plain = { format: FORMAT, version: VERSION }
  const place = layers.length === 0 ? undefined : toHex(randomBytes(PLACE_BYTES))
  const names = layers.map(({ id, version }) => ({ id, version }))
  const json = place === undefined ? plain : { ...plain, layers: names, place }
  const bytes = unwrap(encodeJson(json))
  const put = await store.put(HEADER_KEY, bytes, { ...options, if: 'absent' })
  if (put.ok) return ok({ layers, place })
  if (put.error.code !== 'CONFLICT') return put
  const theirs = await readHeader(store, layers, options)
  if (!theirs.ok) return theirs
  return theirs.value === undefined ? put : ok(theirs.value)
}

/** Whether two stacks are the same. */
export function isSameStack(one: readonly LayerName[], other: readonly LayerName[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ id, version }, i) => id === other[i]?.id && version === other[i].version)
  )
}

/** The layers as they were recorded; `undefined` when that makes no sense. */
export function layersOf(json: JsonValue | undefined): readonly LayerName[] | undefined {
  if (json === undefined) return []
  if (!isJsonArray(json)) return undefined
  const layers: LayerName[] = []
  for (const item of json) {
    const { id, version } = isJsonObject(item) ? item : {}
    if (typeof id !== 'string' || typeof version !== 'number') return undefined
    layers.push({ id, version })
  }
  return layers
}

function damaged(reason: string): CoreError<'CORRUPTED'> {
  const details = { what: 'header', reason, key: HEADER_KEY }
  return coreError('CORRUPTED', `${HEADER_KEY} is damaged: ${reason}; restore it`, details)
}
