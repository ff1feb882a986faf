import { bytesToBase64, sha256 } from './digest.ts'
import { exchange, lost, readAnswer, type HttpRequest, type Target } from './exchange.ts'
import {
  bareEtag,
  done,
  garbled,
  NONCE_NAME,
  type Answer,
  type Condition,
  type ObjectClient,
  type ObjectFacts,
  type ObjectPart,
} from './object-client.ts'
import { bytesOf } from './response-bytes.ts'
import {
  errorCode,
  isCompleted,
  readDeleteResult,
  readListPage,
  readUploadId,
  writeComplete,
  writeDelete,
} from './xml-messages.ts'

const NONCE_HEADER = `x-amz-meta-${NONCE_NAME}`

/** An {@link ObjectClient} over HTTP: one signed request for each call, and no SDK. */
export function httpObjectClient(target: Target, place: string): ObjectClient {
  const ask = async <T>(
    request: HttpRequest,
    read: (response: Response) => Promise<Answer<T>>,
  ): Promise<Answer<T>> => {
    const response = await exchange(target, request)
    return 'kind' in response ? response : read(response)
  }
  return {
    place,
    put: ({ name, body, nonce, condition, signal }) => {
      const headers = { [NONCE_HEADER]: nonce, ...conditionHeaders(condition) }
      return ask({ method: 'PUT', name, body: own(body), headers, signal }, readEtag)
    },
    get: ({ name, start, end, signal }) => {
      const headers = { range: `bytes=${start}-${end - 1}` }
      return ask({ method: 'GET', name, headers, signal }, (response) =>
        readPart(response, start, end),
      )
    },
    head: ({ name, signal }) => ask({ method: 'HEAD', name, signal }, readFacts),
    list: ({ prefix, startAfter, token, limit, signal }) => {
      const query = {
        'list-type': '2',
        'encoding-type': 'url',
        'max-keys': String(limit),
        ...(prefix === '' ? {} : { prefix }),
        ...(token === undefined ? {} : { 'continuation-token': token }),
        ...(startAfter === undefined || token !== undefined ? {} : { 'start-after': startAfter }),
      }
      return ask({ method: 'GET', query, signal }, (response) =>
        readXml(response, readListPage, 'not a listing'),
      )
    },
    deleteOne: ({ name, signal }) => ask({ method: 'DELETE', name, signal }, drain),
    deleteMany: async ({ names, signal }) => {
      const body = own(writeDelete(names))
      const headers = {
        'x-amz-sdk-checksum-algorithm': 'SHA256',
        'x-amz-checksum-sha256': bytesToBase64(await sha256(body)),
      }
      const request = { method: 'POST', query: { delete: '' }, headers, body, signal } as const
      return ask(request, (response) =>
        readXml(response, (text) => readDeleteResult(text, names), 'not a result of deletion'),
      )
    },
    ...uploads(ask),
    close: () => undefined,
  }
}

type Ask = <T>(
  request: HttpRequest,
  read: (response: Response) => Promise<Answer<T>>,
) => Promise<Answer<T>>

function uploads(
  ask: Ask,
): Pick<ObjectClient, 'createUpload' | 'uploadPart' | 'completeUpload' | 'abortUpload'> {
  return {
    createUpload: ({ name, nonce, signal }) => {
      const headers = { [NONCE_HEADER]: nonce }
      return ask({ method: 'POST', name, query: { uploads: '' }, headers, signal }, (response) =>
        readXml(response, readUpload, 'not the beginning of an upload'),
      )
    },
    uploadPart: ({ name, uploadId, number, body, signal }) => {
      const query = { partNumber: String(number), uploadId }
      return ask({ method: 'PUT', name, query, body: own(body), signal }, readEtag)
    },
    completeUpload: ({ name, uploadId, parts, condition, signal }) => {
      const body = own(writeComplete(parts))
      const headers = conditionHeaders(condition)
      return ask(
        { method: 'POST', name, query: { uploadId }, headers, body, signal },
        readCompletion,
      )
    },
    abortUpload: ({ name, uploadId, signal }) =>
      ask({ method: 'DELETE', name, query: { uploadId }, signal }, drain),
  }
}

function conditionHeaders(condition: Condition | undefined): Record<string, string> {
  if (condition === undefined) return {}
  return condition === 'absent' ? { 'if-none-match': '*' } : { 'if-match': condition.ifMatch }
}

async function readEtag(response: Response): Promise<Answer<{ readonly etag: string }>> {
  await drain(response)
  const etag = bareEtag(response.headers.get('etag'))
  return etag === '' ? garbled('it names no entity tag') : done({ etag })
}

async function readFacts(response: Response): Promise<Answer<ObjectFacts>> {
  await drain(response)
  const sizeBytes = byteCount(response.headers.get('content-length'))
  if (sizeBytes === undefined) return garbled('it names no length')
  return factsOf(response, sizeBytes)
}

function factsOf({ headers }: Response, sizeBytes: number): Answer<ObjectFacts> {
  const etag = bareEtag(headers.get('etag'))
  const nonce = headers.get(NONCE_HEADER)
  if (etag === '') return garbled('it names no entity tag')
  return done({ etag, sizeBytes, ...(nonce === null ? {} : { nonce }) })
}

async function readPart(
  response: Response,
  start: number,
  end: number,
): Promise<Answer<ObjectPart>> {
  const sizeBytes = sizeOf(response, start)
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  const facts: Answer<ObjectFacts> =
    sizeBytes === undefined
      ? garbled('its range is not the one asked for')
      : encoding === 'identity' || encoding === ''
        ? factsOf(response, sizeBytes)
        : garbled('its body is encoded')
  if (facts.kind !== 'done') {
    await cancel(response)
    return facts
  }
  const bytes = await readExactly(response, Math.min(end, facts.value.sizeBytes) - start)
  return bytes instanceof Uint8Array ? done({ ...facts.value, bytes }) : bytes
}

/** The size of the object whose bytes from `start` are coming; a server may send it whole. */
function sizeOf({ status, headers }: Response, start: number): number | undefined {
  if (status !== 206) return start === 0 ? byteCount(headers.get('content-length')) : undefined
  const range = /^bytes ([0-9]{1,16})-[0-9]{1,16}\/([0-9]{1,16})$/
  const [, first, size] = range.exec(headers.get('content-range') ?? '') ?? []
  return Number(first) === start ? byteCount(size ?? null) : undefined
}

/** The first so many bytes of a body: never more memory than asked for, whatever is sent. */
async function readExactly(response: Response, count: number): Promise<Uint8Array | Answer<never>> {
  const bytes = new Uint8Array(Math.max(count, 0))
  let filled = 0
  try {
    for await (const piece of bytesOf(response)) {
      const fitting = piece.subarray(0, bytes.length - filled)
      bytes.set(fitting, filled)
      filled += fitting.length
      if (filled === bytes.length) break
    }
  } catch (cause) {
    return lost(cause)
  }
  return filled === bytes.length ? bytes : { kind: 'lost', sent: true, system: 'CUT_SHORT' }
}

async function readXml<T>(
  response: Response,
  read: (text: string) => T | undefined,
  otherwise: string,
): Promise<Answer<T>> {
  const text = await readAnswer(response)
  if (typeof text !== 'string') return text
  const value = read(text)
  return value === undefined ? garbled(otherwise) : done(value)
}

function readUpload(text: string): { readonly uploadId: string } | undefined {
  const uploadId = readUploadId(text)
  return uploadId === undefined ? undefined : { uploadId }
}

/** The end of an upload may take long, and is answered 200 before it is known to have failed. */
async function readCompletion(response: Response): Promise<Answer<void>> {
  const text = await readAnswer(response)
  if (typeof text !== 'string') return text
  if (isCompleted(text)) return done(undefined)
  const code = errorCode(text)
  return code === ''
    ? garbled('not the end of an upload')
    : { kind: 'refused', status: statusOf(code), code }
}

function statusOf(code: string): number {
  return code === 'PreconditionFailed' ? 412 : 500
}

async function drain(response: Response): Promise<Answer<void>> {
  const text = await readAnswer(response)
  return typeof text === 'string' ? done(undefined) : text
}

async function cancel(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined)
}

function byteCount(text: string | null): number | undefined {
  const count = text !== null && /^[0-9]{1,16}$/.test(text) ? Number(text) : NaN
  return Number.isSafeInteger(count) ? count : undefined
}

/** `fetch` takes no view of shared memory; bytes that lie elsewhere are copied. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isUnshared(bytes) ? bytes : bytes.slice()
}

function isUnshared(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
}
