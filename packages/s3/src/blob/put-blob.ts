import {
  coreError,
  err,
  type AsyncResult,
  type BlobBody,
  type BlobInfo,
  type PutError,
  type PutOptions,
} from '@tidemark/core'
import type { S3Context } from '../context.ts'
import { bodyError, cutInParts, gather, joinParts } from './parts.ts'
import { conditionOf, putObject, refuseTaken } from './put-object.ts'
import { uploadObject } from './upload-object.ts'

/** Stores a blob: in one request up to a size, in parts beyond it. */
export async function putBlob(
  context: S3Context,
  key: string,
  body: BlobBody,
  options: PutOptions | undefined,
): AsyncResult<BlobInfo, PutError> {
  if (options?.if === 'absent' && !context.canCreateOnly) {
    const taken = await refuseTaken(context, key, options.signal)
    if (taken !== undefined) return err(taken)
  }
  if (body instanceof Uint8Array && body.length <= context.limits.singlePutBytes) {
    return putObject(context, key, body, options)
  }
  const parts = cutInParts(body, context.limits.partSizeBytes)
  try {
    return await putParts(context, key, parts, options)
  } catch (cause) {
    return err(bodyError(key, cause))
  } finally {
    // Whatever is left of the source is not wanted any more.
    await parts.return().catch(() => undefined)
  }
}

async function putParts(
  context: S3Context,
  key: string,
  parts: AsyncGenerator<Uint8Array, void>,
  options: PutOptions | undefined,
): AsyncResult<BlobInfo, PutError> {
  const { limits } = context
  const begun = await gather(parts, limits.singlePutBytes)
  if (begun.isWhole) return putObject(context, key, joinParts(begun.parts), options)
  const condition = conditionOf(context, options?.if)
  if (condition !== undefined && !(await context.canCompleteOnly())) {
    const gathered = await gather(parts, limits.largestCreateBytes, begun.parts)
    if (!gathered.isWhole) return err(tooLargeToCreate(key, limits.largestCreateBytes))
    return putObject(context, key, joinParts(gathered.parts), options)
  }
  if (condition === 'absent') {
    // Only to spare the upload: what decides is the condition at its end.
    const taken = await refuseTaken(context, key, options?.signal)
    if (taken !== undefined) return err(taken)
  }
  return uploadObject(context, key, followed(begun.parts, parts), condition, options)
}

async function* followed(
  begun: Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  // Taken out, not only looked at: what has been sent is not held any longer.
  for (let part = begun.shift(); part !== undefined; part = begun.shift()) yield part
  yield* rest
}

function tooLargeToCreate(key: string, maximum: number): PutError {
  const message =
    `put of ${key}: this endpoint takes conditions only on single requests, ` +
    `and more than ${maximum} bytes are not held in memory; raise largestCreateBytes`
  return coreError('UNSUPPORTED', message, { feature: 'conditional upload in parts' })
}
