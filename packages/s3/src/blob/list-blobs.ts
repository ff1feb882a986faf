import {
  coreError,
  isBlobKey,
  type BlobInfo,
  type ListOptions,
  type ReadError,
} from '@tidemark/core'
import type { ListedObject, ListPage } from '../client/object-client.ts'
import type { S3Context } from '../context.ts'
import { failure } from '../policy/failure.ts'
import { repeat } from '../policy/retry.ts'
import { blobInfo } from './blob-info.ts'

/** No server lists more in one page. */
const PAGE_OBJECTS = 1000

/** What may stand in a key: any other prefix has nothing behind it. */
const KEY_CHARACTERS = /^[a-z0-9._/-]*$/

/**
 * The blobs there are, page by page, each page asked for when it is needed. Objects whose names are
 * no keys are passed over: they are not ours. Throws a {@link ReadError}.
 */
export async function* listBlobs(
  context: S3Context,
  options: ListOptions,
): AsyncGenerator<BlobInfo, void> {
  const wanted = options.prefix ?? ''
  const startAfter = options.startAfter ?? ''
  if (!KEY_CHARACTERS.test(wanted)) return
  // What a server would misread is left to the comparison below.
  const after = KEY_CHARACTERS.test(startAfter) && startAfter !== '' ? startAfter : undefined
  let token: string | undefined
  let last = ''
  for (let pages = 1; ; pages++) {
    const page = await getPage(context, wanted, after, token, options)
    for (const object of page.objects) {
      checkOrder(last, object)
      last = object.name
      const key = object.name.slice(context.prefix.length)
      const isWanted = object.name.startsWith(context.prefix + wanted) && key > startAfter
      if (isWanted && isBlobKey(key)) yield blobInfo(key, object.sizeBytes, object.etag)
    }
    if (page.next === undefined) return
    // A page without names leads nowhere, and a token that comes again leads round and round.
    if (page.objects.length === 0 || page.next === token) throw senseless('it does not go on')
    if (pages >= context.limits.listPages) throw endless(context.limits.listPages)
    token = page.next
  }
}

async function getPage(
  { client, policy, prefix }: S3Context,
  wanted: string,
  after: string | undefined,
  token: string | undefined,
  { signal, limit = Infinity }: ListOptions,
): Promise<ListPage> {
  const startAfter = after === undefined ? undefined : prefix + after
  const count = Math.min(PAGE_OBJECTS, Math.max(1, limit))
  const outcome = await repeat(
    policy,
    (signal) => client.list({ prefix: prefix + wanted, startAfter, token, limit: count, signal }),
    { signal },
  )
  if (outcome.answer.kind !== 'done') throw failure({ operation: 'list' }, outcome)
  return outcome.answer.value
}

/** Names are ASCII where they count, so that the order of strings is the order of bytes. */
function checkOrder(last: string, { name }: ListedObject): void {
  if (isBlobKey(name) && isBlobKey(last) && name <= last) throw senseless('it is out of order')
}

function senseless(reason: string): ReadError {
  const message = `the listing of the server makes no sense: ${reason}`
  return coreError('IO_FAILED', message, { operation: 'list', system: 'MALFORMED_REPLY' })
}

function endless(maximum: number): ReadError {
  const message = `the listing has more than ${maximum} pages; list by narrower prefixes`
  return coreError('LIMIT_EXCEEDED', message, { limit: 'listPages', maximum })
}
