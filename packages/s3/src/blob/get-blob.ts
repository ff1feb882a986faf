import {
  coreError,
  err,
  ok,
  unwrap,
  type AsyncResult,
  type BlobInfo,
  type GetOptions,
  type ReadError,
  type StoredBlob,
} from '@tidemark/core'
import type { ObjectPart } from '../client/object-client.ts'
import { objectName, type S3Context } from '../context.ts'
import { failure } from '../policy/failure.ts'
import { repeat } from '../policy/retry.ts'
import { blobInfo } from './blob-info.ts'
import { findObject, isAbsence } from './find-object.ts'

/** Up to this size a blob comes with its facts: most are records, and one request serves both. */
const EAGER_BYTES = 1024 * 1024

/** More comes in windows of this size, each one request that can be repeated by itself. */
const WINDOW_BYTES = 4 * 1024 * 1024

/** An array larger than this is hardly meant; `stream` has no limit. */
const MAX_ARRAY_BYTES = 1024 * 1024 * 1024

interface Range {
  readonly start: number
  readonly end: number
}

/** The blob under a key, or `undefined`. Holds nothing open after it resolves. */
export async function getBlob(
  context: S3Context,
  key: string,
  asked: Range,
  options: GetOptions | undefined,
): AsyncResult<StoredBlob | undefined, ReadError> {
  const { signal } = options ?? {}
  if (asked.start === asked.end) return headOnly(context, key, signal)
  const first = { start: asked.start, end: Math.min(asked.end, asked.start + EAGER_BYTES) }
  const part = await getPart(context, key, first, signal)
  if (!part.ok) return part
  if (part.value === 'absent') return ok(undefined)
  // Nothing at that place: an empty blob, or a range past the end.
  if (part.value === 'past-end') return headOnly(context, key, signal)
  const { etag, sizeBytes, bytes } = part.value
  const info = blobInfo(key, sizeBytes, etag)
  const range = { start: asked.start, end: Math.min(asked.end, sizeBytes) }
  return ok(storedBlob(context, info, range, bytes, signal))
}

async function headOnly(
  context: S3Context,
  key: string,
  signal: AbortSignal | undefined,
): AsyncResult<StoredBlob | undefined, ReadError> {
  const facts = await findObject(context, 'get', key, signal)
  if (!facts.ok || facts.value === undefined) return facts.ok ? ok(undefined) : facts
  const info = blobInfo(key, facts.value.sizeBytes, facts.value.etag)
  return ok(storedBlob(context, info, { start: 0, end: 0 }, new Uint8Array(), signal))
}

function storedBlob(
  context: S3Context,
  info: BlobInfo,
  range: Range,
  first: Uint8Array,
  signal: AbortSignal | undefined,
): StoredBlob {
  const sizeBytes = range.end - range.start
  async function* pieces(): AsyncIterable<Uint8Array> {
    if (first.length > 0) yield first.slice()
    for (let at = range.start + first.length; at < range.end;) {
      const window = { start: at, end: Math.min(at + WINDOW_BYTES, range.end) }
      const bytes = unwrap(await getWindow(context, info, window, signal))
      yield bytes
      at += bytes.length
    }
  }
  return {
    ...info,
    stream: pieces,
    bytes: async () => {
      if (sizeBytes > MAX_ARRAY_BYTES) return err(tooLarge(info.key, sizeBytes))
      const joined = new Uint8Array(sizeBytes)
      joined.set(first)
      for (let at = first.length; at < sizeBytes;) {
        const start = range.start + at
        const window = { start, end: Math.min(start + WINDOW_BYTES, range.end) }
        const bytes = await getWindow(context, info, window, signal)
        if (!bytes.ok) return bytes
        joined.set(bytes.value, at)
        at += bytes.value.length
      }
      return ok(joined)
    },
  }
}

/** A window of a blob that was found before, and must still be the same. */
async function getWindow(
  context: S3Context,
  info: BlobInfo,
  window: Range,
  signal: AbortSignal | undefined,
): AsyncResult<Uint8Array, ReadError> {
  const part = await getPart(context, info.key, window, signal)
  if (!part.ok) return part
  if (typeof part.value === 'string') return err(replaced(info.key))
  const { etag, sizeBytes, bytes } = part.value
  return etag === info.version && sizeBytes === info.sizeBytes ? ok(bytes) : err(replaced(info.key))
}

async function getPart(
  context: S3Context,
  key: string,
  { start, end }: Range,
  signal: AbortSignal | undefined,
): AsyncResult<ObjectPart | 'absent' | 'past-end', ReadError> {
  const { client, policy } = context
  const name = objectName(context, key)
  const outcome = await repeat(policy, (signal) => client.get({ name, start, end, signal }), {
    signal,
    sizeBytes: end - start,
  })
  const { answer } = outcome
  if (answer.kind === 'done') return ok(answer.value)
  if (isAbsence(answer)) return ok('absent')
  if (answer.kind === 'refused' && answer.status === 416) return ok('past-end')
  return err(failure({ operation: 'get', key }, outcome))
}

function replaced(key: string): ReadError {
  return coreError('CONFLICT', `${key} was replaced since it was found`, { key, reason: 'changed' })
}

function tooLarge(key: string, actual: number): ReadError {
  const message = `${key} is larger than one array may be; read it with stream()`
  const details = { limit: 'bytes', maximum: MAX_ARRAY_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}
