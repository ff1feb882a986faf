import { coreError, err, ok, type AsyncResult, type CoreError } from '@tidemark/core'
import type { Answer, Condition, ListPage, ObjectClient } from '../client/object-client.ts'
import type { EtagStyle } from '../context.ts'
import { describe, failure } from '../policy/failure.ts'
import { repeat, type Outcome, type RetryPolicy } from '../policy/retry.ts'
import type { CapabilityCard } from './capability-card.ts'

/** Why a bucket cannot be opened as a store. */
export type ProbeError = CoreError<'OPEN_FAILED' | 'IO_FAILED' | 'NO_SPACE' | 'ABORTED'>

/** What a probe works with. */
export interface ProbeContext {
  readonly client: ObjectClient
  readonly policy: RetryPolicy
  readonly prefix: string
  readonly newNonce: () => string
  readonly signal: AbortSignal | undefined
}

/** An entity tag that no object has. */
const NO_ETAG = '00000000000000000000000000000000'

/**
 * Finds out what an endpoint really does, on a name of its own that is no key and is taken away
 * again: six requests, seven where entity tags must not be quoted. An endpoint may say yes to a
 * condition and ignore it; nothing is taken on trust.
 */
export async function probe(context: ProbeContext): AsyncResult<CapabilityCard, ProbeError> {
  const { client, policy, prefix, newNonce, signal } = context
  const name = `${prefix}.tidemark-probe-${newNonce()}`
  const findings: string[] = []
  const put = async (what: string, body: string, condition: Condition): Promise<Put> => {
    const request = { name, body: encode(body), nonce: newNonce(), condition }
    const outcome = await repeat(policy, (signal) => client.put({ ...request, signal }), { signal })
    findings.push(`${what}: ${brief(outcome.answer)}`)
    return outcome
  }

  const first = await put('create', '1', 'absent')
  // A name that nobody else can know is taken only when our own lost attempt took it.
  const isCreated = first.answer.kind === 'done' || (isTaken(first.answer) && first.wasOpen)
  if (!isCreated && !isUnsupported(first.answer)) return err(openError(client.place, first))
  const second = isCreated ? await put('create again', '2', 'absent') : first
  const createOnly = createOnlyOf(second.answer)
  if (createOnly === undefined) {
    await takeAway(context, name, findings)
    return err(openError(client.place, second))
  }
  const known = first.answer.kind === 'done' ? first.answer.value.etag : undefined
  const etag = createOnly === 'honoured' ? (known ?? (await etagOf(context, name))) : undefined
  const compareAndSwap = etag === undefined ? 'none' : await etagStyle(put, etag)

  const listed = await list(context, name)
  findings.push(`list: ${brief(listed.answer)}`)
  const batchDelete = await takeAway(context, name, findings)
  const { place } = client
  if (listed.answer.kind !== 'done') return err(openError(place, listed))
  const names = listed.answer.value.objects.map((object) => object.name)
  // An endpoint without conditional writes has not written anything yet.
  const freshListing = names.includes(name) || createOnly === 'refused'
  return ok({ place, createOnly, compareAndSwap, freshListing, batchDelete, findings })
}

type Put = Outcome<{ readonly etag: string }>
type PutProbe = (what: string, body: string, condition: Condition) => Promise<Put>

function createOnlyOf(answer: Answer<unknown>): CapabilityCard['createOnly'] | undefined {
  if (isTaken(answer)) return 'honoured'
  if (answer.kind === 'done') return 'ignored'
  return isUnsupported(answer) ? 'refused' : undefined
}

async function etagOf(context: ProbeContext, name: string): Promise<string | undefined> {
  const { client, policy, signal } = context
  const { answer } = await repeat(policy, (signal) => client.head({ name, signal }), { signal })
  return answer.kind === 'done' ? answer.value.etag : undefined
}

function list({ client, policy, signal }: ProbeContext, name: string): Promise<Outcome<ListPage>> {
  const page = { prefix: name, startAfter: undefined, token: undefined, limit: 2 }
  return repeat(policy, (signal) => client.list({ ...page, signal }), { signal })
}

/** The style in which the current entity tag is accepted and another one refused. */
async function etagStyle(put: PutProbe, etag: string): Promise<EtagStyle> {
  const swap = async (style: 'quoted' | 'unquoted'): Promise<'none' | 'works' | 'refused'> => {
    const condition = (tag: string): Condition => ({
      ifMatch: style === 'quoted' ? `"${tag}"` : tag,
    })
    const current = await put(`swap by the current tag, ${style}`, '3', condition(etag))
    if (current.answer.kind !== 'done') return 'refused'
    const stale = await put(`swap by a stale tag, ${style}`, '4', condition(NO_ETAG))
    return isTaken(stale.answer) ? 'works' : 'none'
  }
  const quoted = await swap('quoted')
  if (quoted !== 'refused') return quoted === 'works' ? 'quoted' : 'none'
  return (await swap('unquoted')) === 'works' ? 'unquoted' : 'none'
}

async function takeAway(
  { client, policy }: ProbeContext,
  name: string,
  findings: string[],
): Promise<boolean> {
  const { answer } = await repeat(policy, (signal) => client.deleteMany({ names: [name], signal }))
  findings.push(`delete as a batch: ${brief(answer)}`)
  if (answer.kind === 'done' && !answer.value.has(name)) return true
  const single = await repeat(policy, (signal) => client.deleteOne({ name, signal }))
  findings.push(`delete: ${brief(single.answer)}`)
  return false
}

/** Whether the end of an upload in parts can be made conditional. `undefined`: no clear answer. */
export async function probeCompletion(context: ProbeContext): Promise<boolean | undefined> {
  const { client, policy, prefix, newNonce } = context
  const name = `${prefix}.tidemark-probe-${newNonce()}`
  const nonce = newNonce()
  const body = encode('1')
  const there = await repeat(policy, (signal) =>
    client.put({ name, body, nonce, condition: undefined, signal }),
  )
  const begun = await repeat(policy, (signal) => client.createUpload({ name, nonce, signal }))
  if (there.answer.kind !== 'done' || begun.answer.kind !== 'done') return undefined
  const { uploadId } = begun.answer.value
  const part = await repeat(policy, (signal) =>
    client.uploadPart({ name, uploadId, number: 1, body, signal }),
  )
  if (part.answer.kind !== 'done') return undefined
  const parts = [{ number: 1, etag: part.answer.value.etag }]
  const { answer } = await repeat(policy, (signal) =>
    client.completeUpload({ name, uploadId, parts, condition: 'absent', signal }),
  )
  if (answer.kind !== 'done') {
    await repeat(policy, (signal) => client.abortUpload({ name, uploadId, signal }))
  }
  await repeat(policy, (signal) => client.deleteOne({ name, signal }))
  if (isTaken(answer)) return true
  return answer.kind === 'lost' ? undefined : false
}

function isTaken(answer: Answer<unknown>): boolean {
  return answer.kind === 'refused' && (answer.status === 412 || answer.status === 304)
}

function isUnsupported(answer: Answer<unknown>): boolean {
  return answer.kind === 'refused' && (answer.status === 501 || answer.code === 'NotImplemented')
}

function openError(place: string, outcome: Outcome<unknown>): ProbeError {
  const { answer, isAborted } = outcome
  const isOurs = !isAborted && answer.kind === 'refused' && answer.status < 500
  if (!isOurs && answer.kind !== 'garbled') return failure({ operation: 'open' }, outcome)
  const [system, said] = describe(answer)
  const message = `${place} cannot be opened: ${said}`
  return coreError('OPEN_FAILED', message, { what: 'bucket', reason: said, system })
}

function brief(answer: Answer<unknown>): string {
  if (answer.kind === 'refused') return `${answer.status} ${answer.code}`.trimEnd()
  return answer.kind === 'done' ? 'done' : describe(answer)[1]
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
