import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobInfo,
  type PutError,
  type PutOptions,
} from '@tidemark/core'
import type { Condition, UploadedPart } from '../client/object-client.ts'
import { objectName, type S3Context } from '../context.ts'
import { failure } from '../policy/failure.ts'
import { repeat } from '../policy/retry.ts'
import { blobInfo } from './blob-info.ts'
import { bodyError } from './parts.ts'
import { settle } from './settle.ts'

/** No object store takes more parts than this in one upload. */
const MAX_PARTS = 10_000

/** An upload that was begun. */
interface Upload {
  readonly key: string
  readonly name: string
  readonly uploadId: string
}

/**
 * Stores a blob in parts. Nothing of it is visible until the end of the upload, which is one
 * request, carries the condition, and is settled as a put is. The source is asked for the next part
 * only when one may be sent. After any failure the upload is taken back.
 */
export async function uploadObject(
  context: S3Context,
  key: string,
  parts: AsyncIterable<Uint8Array>,
  condition: Condition | undefined,
  options: PutOptions | undefined,
): AsyncResult<BlobInfo, PutError> {
  const { client, policy } = context
  const { signal } = options ?? {}
  const nonce = context.newNonce()
  const name = objectName(context, key)
  const begun = await repeat(policy, (signal) => client.createUpload({ name, nonce, signal }), {
    signal,
  })
  if (begun.answer.kind !== 'done') return err(failure({ operation: 'put', key }, begun))
  const upload = { key, name, uploadId: begun.answer.value.uploadId }

  const sent = await sendParts(context, upload, parts, signal)
  if (!sent.ok) {
    await takeBack(context, upload)
    return sent
  }
  const { uploadId } = upload
  const uploaded = sent.value.parts
  const outcome = await repeat(
    policy,
    (signal) => client.completeUpload({ name, uploadId, parts: uploaded, condition, signal }),
    { signal },
  )
  if (outcome.answer.kind === 'done') {
    return ok(blobInfo(key, sent.value.sizeBytes, await versionOf(context, name, nonce)))
  }
  // First taken back, then looked at: what has not taken effect by then hardly will.
  await takeBack(context, upload)
  const isConditional = condition !== undefined
  return settle(context, { key, nonce, isConditional, outcome }, signal)
}

/** Some servers do not name the entity tag of a whole upload: it is read, if it is still ours. */
async function versionOf(context: S3Context, name: string, nonce: string): Promise<string> {
  const { client, policy } = context
  const { answer } = await repeat(policy, (signal) => client.head({ name, signal }))
  // Replaced already, or unreadable: a version that will never be the current one.
  return answer.kind === 'done' && answer.value.nonce === nonce ? answer.value.etag : nonce
}

async function sendParts(
  context: S3Context,
  upload: Upload,
  parts: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncResult<{ readonly parts: UploadedPart[]; readonly sizeBytes: number }, PutError> {
  const uploaded: UploadedPart[] = []
  const underway = new Set<Promise<void>>()
  let sizeBytes = 0
  let number = 0
  let failed: PutError | undefined
  const send = async (part: Uint8Array, number: number): Promise<void> => {
    const sent = await sendPart(context, upload, part, number, signal)
    if (sent.ok) uploaded.push(sent.value)
    else failed ??= sent.error
  }
  try {
    for await (const part of parts) {
      number += 1
      sizeBytes += part.length
      if (number > MAX_PARTS) failed ??= tooManyParts(context)
      if (failed !== undefined) break
      const sending: Promise<void> = send(part, number).finally(() => underway.delete(sending))
      underway.add(sending)
      if (underway.size >= context.limits.uploadConcurrency) await Promise.race(underway)
    }
  } catch (cause) {
    failed ??= bodyError(upload.key, cause)
  }
  await Promise.all(underway)
  if (failed !== undefined) return err(failed)
  return ok({ parts: uploaded.sort((a, b) => a.number - b.number), sizeBytes })
}

async function sendPart(
  { client, policy }: S3Context,
  { key, name, uploadId }: Upload,
  body: Uint8Array,
  number: number,
  signal: AbortSignal | undefined,
): AsyncResult<UploadedPart, PutError> {
  // The same part may well be sent twice: the later one replaces the earlier.
  const outcome = await repeat(
    policy,
    (signal) => client.uploadPart({ name, uploadId, number, body, signal }),
    { signal, sizeBytes: body.length },
  )
  if (outcome.answer.kind === 'done') return ok({ number, etag: outcome.answer.value.etag })
  return err(failure({ operation: 'put', key }, outcome))
}

/** Takes back an upload, also for a caller who has lost patience: its parts cost money. */
async function takeBack({ client, policy }: S3Context, { name, uploadId }: Upload): Promise<void> {
  await repeat(policy, (signal) => client.abortUpload({ name, uploadId, signal }))
}

function tooManyParts({ limits }: S3Context): PutError {
  const maximum = MAX_PARTS * limits.partSizeBytes
  const message = `a blob holds up to ${maximum} bytes in parts of ${limits.partSizeBytes}`
  return coreError('LIMIT_EXCEEDED', message, { limit: 'blob', maximum })
}
