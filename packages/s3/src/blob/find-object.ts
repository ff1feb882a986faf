import { err, ok, type AsyncResult } from '@tidemark/core'
import type { Answer, ObjectFacts } from '../client/object-client.ts'
import { objectName, type S3Context } from '../context.ts'
import { failure, type Failure } from '../policy/failure.ts'
import { repeat } from '../policy/retry.ts'

/** The facts of the object that holds a blob, or `undefined`. */
export async function findObject(
  context: S3Context,
  operation: string,
  key: string,
  signal?: AbortSignal,
): AsyncResult<ObjectFacts | undefined, Failure> {
  const { client, policy } = context
  const name = objectName(context, key)
  const outcome = await repeat(policy, (signal) => client.head({ name, signal }), { signal })
  if (outcome.answer.kind === 'done') return ok(outcome.answer.value)
  if (isAbsence(outcome.answer)) return ok(undefined)
  return err(failure({ operation, key }, outcome))
}

/**
 * Whether an answer says that there is no such object. A bucket that is missing is no answer about
 * its objects; a HEAD has no body to say which, so the bucket is looked for when a store is opened.
 */
export function isAbsence(answer: Answer<unknown>): boolean {
  if (answer.kind !== 'refused' || answer.status !== 404) return false
  return answer.code === 'NoSuchKey' || answer.code === ''
}
