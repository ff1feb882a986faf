import { coreError, err, ok, type AsyncResult, type BlobInfo, type PutError } from '@tidemark/core'
import { objectName, type S3Context } from '../context.ts'
import { failure, unknownOutcome, type Subject } from '../policy/failure.ts'
import { repeat, type Outcome } from '../policy/retry.ts'
import { blobInfo } from './blob-info.ts'
import { isAbsence } from './find-object.ts'

/** A write that has been sent, and was not simply done. */
export interface Sent {
  readonly key: string
  readonly nonce: string
  readonly isConditional: boolean
  readonly outcome: Outcome<unknown>
}

/**
 * What came of a write that was not done. When the answer leaves it open, the object is read: our nonce on it settles
 * that it was stored. Nothing is ever settled by its absence, for a request may arrive late.
 *
 * A name that is taken is read too, even when it was so at the first attempt: some proxies send a
 * request twice, and then the second loses to the first.
 */
export async function settle(
  context: S3Context,
  sent: Sent,
  signal: AbortSignal | undefined,
): AsyncResult<BlobInfo, PutError> {
  const { key, nonce, outcome } = sent
  const subject = { operation: 'put', key }
  const isTaken = sent.isConditional && isConditionFailure(outcome)
  if (!isTaken && !outcome.isOpen) return err(refusalOf(subject, outcome))
  if (outcome.isAborted) return err(unknownOutcome(subject, outcome))
  const { client, policy } = context
  const name = objectName(context, key)
  const { answer: found } = await repeat(policy, (signal) => client.head({ name, signal }), {
    signal,
  })
  if (found.kind === 'done' && found.value.nonce === nonce) {
    return ok(blobInfo(key, found.value.sizeBytes, found.value.etag))
  }
  const isAnswered = found.kind === 'done' || isAbsence(found)
  if (!isTaken || outcome.wasOpen || !isAnswered) return err(unknownOutcome(subject, outcome))
  return err(coreError('CONFLICT', `${key} is not as expected`, { key, reason: 'taken' }))
}

/** Whether the condition of a write did not hold. Older servers answer 304 or 404. */
function isConditionFailure({ answer }: Outcome<unknown>): boolean {
  if (answer.kind !== 'refused') return false
  return answer.status === 412 || answer.status === 304 || isAbsence(answer)
}

function refusalOf(subject: Subject, outcome: Outcome<unknown>): PutError {
  const { answer } = outcome
  if (answer.kind === 'refused' && answer.status === 501) {
    const message = `put of ${subject.key ?? ''} asks for what this endpoint does not do`
    return coreError('UNSUPPORTED', message, { feature: 'conditional put' })
  }
  return failure(subject, outcome)
}
