import {
  coreError,
  ok,
  type AsyncResult,
  type BlobInfo,
  type PutError,
  type PutOptions,
} from '@tidemark/core'
import type { Condition } from '../client/object-client.ts'
import { objectName, type S3Context } from '../context.ts'
import { isPassing, mayTakeEffect, repeat } from '../policy/retry.ts'
import { blobInfo } from './blob-info.ts'
import { findObject } from './find-object.ts'
import { settle } from './settle.ts'

/**
 * Stores a blob in one request.
 *
 * A conditional write whose answer was lost is sent again, with the same nonce, until it is
 * answered. An unconditional one is not: it could arrive twice, and undo what another wrote between.
 */
export async function putObject(
  context: S3Context,
  key: string,
  body: Uint8Array,
  options: PutOptions | undefined,
): AsyncResult<BlobInfo, PutError> {
  const { client, policy } = context
  const name = objectName(context, key)
  const nonce = context.newNonce()
  const condition = conditionOf(context, options?.if)
  const isConditional = condition !== undefined
  // With one writer there is nobody between: repeating its create is safe all the same.
  const isRepeatable = isConditional || options?.if === 'absent'
  const outcome = await repeat(
    policy,
    (signal) => client.put({ name, body, nonce, condition, signal }),
    {
      signal: options?.signal,
      sizeBytes: body.length,
      again: (answer) => isPassing(answer) && (isRepeatable || !mayTakeEffect(answer)),
    },
  )
  const { answer } = outcome
  if (answer.kind === 'done') return ok(blobInfo(key, body.length, answer.value.etag))
  return settle(context, { key, nonce, isConditional, outcome }, options?.signal)
}

/** The condition as the endpoint wants it; none where the endpoint would ignore it. */
export function conditionOf(
  { canCreateOnly, etagStyle }: S3Context,
  condition: PutOptions['if'],
): Condition | undefined {
  if (condition === undefined) return undefined
  if (condition === 'absent') return canCreateOnly ? 'absent' : undefined
  return { ifMatch: etagStyle === 'unquoted' ? condition : `"${condition}"` }
}

/** The error for a name that is taken, found by looking. Proves nothing about the next moment. */
export async function refuseTaken(
  context: S3Context,
  key: string,
  signal: AbortSignal | undefined,
): Promise<PutError | undefined> {
  const found = await findObject(context, 'put', key, signal)
  if (!found.ok) return found.error
  if (found.value === undefined) return undefined
  return coreError('CONFLICT', `${key} exists already`, { key, reason: 'taken' })
}
