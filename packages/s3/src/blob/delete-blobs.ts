import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type DeleteReport,
  type ReadError,
} from '@tidemark/core'
import { objectName, type S3Context } from '../context.ts'
import { failure, type Failure } from '../policy/failure.ts'
import { repeat } from '../policy/retry.ts'

/** No server takes more names in one request. */
const BATCH_KEYS = 1000

/** Where they go one by one, so many are on their way at the same time. */
const SINGLE_CONCURRENCY = 8

type Failed = DeleteReport['failed'][number]

/** Deletes blobs, many to a request where the endpoint can. */
export async function deleteBlobs(
  context: S3Context,
  keys: readonly string[],
  options: CallOptions | undefined,
): AsyncResult<DeleteReport, ReadError> {
  const failed: Failed[] = []
  const inBatches = context.canDeleteMany && keys.length > 1
  const size = inBatches ? BATCH_KEYS : SINGLE_CONCURRENCY
  for (let at = 0; at < keys.length; at += size) {
    const batch = keys.slice(at, at + size)
    const report = inBatches
      ? await deleteBatch(context, batch, options)
      : await deleteEach(context, batch, options)
    if (!report.ok) return report
    failed.push(...report.value)
  }
  return ok({ deleted: keys.length - failed.length, failed })
}

async function deleteBatch(
  context: S3Context,
  keys: readonly string[],
  options: CallOptions | undefined,
): AsyncResult<Failed[], Failure> {
  const { client, policy } = context
  const names = keys.map((key) => objectName(context, key))
  const outcome = await repeat(policy, (signal) => client.deleteMany({ names, signal }), options)
  const { answer } = outcome
  if (answer.kind !== 'done') {
    const error = failure({ operation: 'delete' }, outcome)
    return error.code === 'ABORTED' ? err(error) : ok(keys.map((key) => ({ key, error })))
  }
  return ok(
    keys.flatMap((key) => {
      const code = answer.value.get(objectName(context, key))
      return code === undefined || code === 'NoSuchKey' ? [] : [{ key, error: refused(key, code) }]
    }),
  )
}

async function deleteEach(
  context: S3Context,
  keys: readonly string[],
  options: CallOptions | undefined,
): AsyncResult<Failed[], Failure> {
  const { client, policy } = context
  const outcomes = await Promise.all(
    keys.map((key) => {
      const name = objectName(context, key)
      return repeat(policy, (signal) => client.deleteOne({ name, signal }), options)
    }),
  )
  const failed: Failed[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const key = keys[index] ?? ''
    const { answer } = outcome
    if (answer.kind === 'done') continue
    if (answer.kind === 'refused' && answer.code === 'NoSuchKey') continue
    const error = failure({ operation: 'delete', key }, outcome)
    if (error.code === 'ABORTED') return err(error)
    failed.push({ key, error })
  }
  return ok(failed)
}

function refused(key: string, code: string): ReadError {
  const message = `delete of ${key} failed: the server answered ${code}`
  const reason = code === 'AccessDenied' ? ({ reason: 'permission' } as const) : {}
  return coreError('IO_FAILED', message, { operation: 'delete', key, system: code, ...reason })
}
