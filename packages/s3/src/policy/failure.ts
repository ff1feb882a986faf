import { coreError, quote, type CoreError } from '@tidemark/core'
import type { Answer } from '../client/object-client.ts'
import type { Outcome } from './retry.ts'

/** The operation and blob that an error speaks of. */
export interface Subject {
  readonly operation: string
  readonly key?: string
}

/** Codes by which servers say that they, or we, are out of space. */
const FULL_CODES = new Set(['QuotaExceeded', 'InsufficientStorage', 'XMinioStorageFull'])

/** An outcome that is not `done`, and certainly changed nothing. */
export type Failure = CoreError<'IO_FAILED' | 'NO_SPACE' | 'ABORTED'>

/** The error for a request that changed nothing, or was only to read. */
export function failure(subject: Subject, { answer, isAborted }: Outcome<unknown>): Failure {
  const { operation } = subject
  if (isAborted) {
    const details = { operation, committed: false } as const
    return coreError('ABORTED', `${operation} was aborted by its signal`, details)
  }
  const [system, said] = describe(answer)
  const message = `${title(subject)} failed: ${said}`
  if (answer.kind === 'refused' && (answer.status === 507 || FULL_CODES.has(answer.code))) {
    return coreError('NO_SPACE', message, { ...subject, system })
  }
  const isDenied = answer.kind === 'refused' && (answer.status === 401 || answer.status === 403)
  const reason = isDenied ? ({ reason: 'permission' } as const) : {}
  return coreError('IO_FAILED', message, { ...subject, system, ...reason }, causeOf(answer))
}

/** The error for a write that may have taken effect, or may still. */
export function unknownOutcome(
  subject: Subject,
  { answer, isAborted }: Outcome<unknown>,
): CoreError<'OUTCOME_UNKNOWN'> {
  const message = `${title(subject)} may or may not have happened: ${describe(answer)[1]}`
  const details = { ...subject, reason: isAborted ? 'aborted' : 'no-answer' } as const
  return coreError('OUTCOME_UNKNOWN', message, details, causeOf(answer))
}

/** An answer as one word for programs and a few for people. Never the server's own message. */
export function describe(answer: Answer<unknown>): [system: string, said: string] {
  switch (answer.kind) {
    case 'done':
      return ['done', 'nothing more was heard']
    case 'garbled':
      return ['MALFORMED_REPLY', `the answer is not of an S3 server: ${answer.reason}`]
    case 'lost':
      return [answer.system, `no answer (${answer.system})`]
    case 'refused': {
      const word = answer.code === '' ? `HTTP_${answer.status}` : answer.code
      const isElsewhere = answer.status >= 300 && answer.status < 400
      const hint = isElsewhere ? '; the bucket is elsewhere: check endpoint and region' : ''
      return [word, `the server answered ${answer.status} ${answer.code}`.trimEnd() + hint]
    }
  }
}

function title({ operation, key }: Subject): string {
  return key === undefined ? operation : `${operation} of ${quote(key)}`
}

function causeOf(answer: Answer<unknown>): unknown {
  return answer.kind === 'lost' ? answer.cause : undefined
}
