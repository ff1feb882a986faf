import { AwsV4Signer } from 'aws4fetch'
import { bytesToHex, sha256 } from './digest.ts'
import { garbled, type Garbled, type Lost, type Refused } from './object-client.ts'
import { bytesOf } from './response-bytes.ts'
import { errorCode } from './xml-messages.ts'

/** Keys for signing. The session token belongs to temporary ones. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** Where requests go and how they are signed. */
export interface Target {
  /** The address of the bucket, without a slash at its end. */
  readonly bucketUrl: string
  readonly region: string
  readonly credentials: () => Promise<Credentials>
  readonly now: () => number
  readonly fetch: typeof fetch
  /** Derived signing keys, one a day. */
  readonly signingKeys: Map<string, ArrayBuffer>
}

/** One HTTP request to a bucket. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  readonly name?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  readonly signal: AbortSignal
}

/** A thousand objects with the longest names allowed, encoded, stay below this. */
export const MAX_ANSWER_BYTES: number = 8 * 1024 * 1024

/** An explanation is a few lines. */
const MAX_EXPLANATION_BYTES = 64 * 1024

/** Nobody is waited for longer than this on his own word. */
const MAX_RETRY_AFTER_MS = 30_000

/** Failures of the network before a byte of the request has left. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Signs a request, sends it once, and gives the response as it begins. The body's digest is always
 * signed: it is the one check from end to end that every server makes.
 */
export async function exchange(
  target: Target,
  request: HttpRequest,
): Promise<Response | Refused | Lost> {
  const { method, body } = request
  let signed: { readonly url: URL; readonly headers: Headers }
  try {
    signed = await sign(target, request)
  } catch (cause) {
    return { kind: 'lost', sent: false, system: 'CREDENTIALS', cause: nameOnly(cause) }
  }
  if (request.signal.aborted) return { kind: 'lost', sent: false, system: 'ABORTED' }
  const { url, headers } = signed
  // Unsigned, for proxies change it: a compressed answer could grow without bound.
  headers.set('accept-encoding', 'identity')
  try {
    const response = await target.fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: request.signal,
      ...(body === undefined ? {} : { body }),
    })
    return response.status >= 200 && response.status < 300 ? response : await refusal(response)
  } catch (cause) {
    return lost(cause)
  }
}

/** The whole text of an answer, unless it is longer than any answer is. */
export async function readAnswer(response: Response): Promise<string | Garbled | Lost> {
  try {
    return (await readText(response, MAX_ANSWER_BYTES)) ?? garbled('its answer is endless')
  } catch (cause) {
    return lost(cause)
  }
}

/** A failure of the network, told apart by whether anything was sent. */
export function lost(cause: unknown): Lost {
  const system = systemOf(cause)
  return { kind: 'lost', sent: !NEVER_SENT.has(system), system, cause }
}

async function sign(
  target: Target,
  request: HttpRequest,
): Promise<{ readonly url: URL; readonly headers: Headers }> {
  const { accessKeyId, secretAccessKey, sessionToken } = await target.credentials()
  const url = new URL(target.bucketUrl)
  if (request.name !== undefined) url.pathname = joinPath(url.pathname, request.name)
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value)
  const digest = await sha256(request.body ?? new Uint8Array())
  const signer = new AwsV4Signer({
    method: request.method,
    url: url.href,
    headers: { ...request.headers, 'x-amz-content-sha256': bytesToHex(digest) },
    service: 's3',
    region: target.region,
    cache: target.signingKeys,
    datetime: new Date(target.now()).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  })
  return signer.sign()
}

function joinPath(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`
}

async function refusal(response: Response): Promise<Refused> {
  const { status, headers } = response
  const body = await readText(response, MAX_EXPLANATION_BYTES).catch(() => undefined)
  const code = body === undefined ? '' : errorCode(body)
  const wait = retryAfterMs(headers.get('retry-after'))
  return { kind: 'refused', status, code, ...(wait === undefined ? {} : { retryAfterMs: wait }) }
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null || !/^[0-9]{1,6}$/.test(header)) return undefined
  return Math.min(Number(header) * 1000, MAX_RETRY_AFTER_MS)
}

async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const piece of bytesOf(response)) {
    bytes += piece.length
    if (bytes > maxBytes) return undefined
    text += decoder.decode(piece, { stream: true })
  }
  return text + decoder.decode()
}

function systemOf(cause: unknown): string {
  for (let error = cause, depth = 0; error instanceof Error && depth < 5; depth++) {
    if ('code' in error && typeof error.code === 'string') return error.code
    if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'TIMEOUT'
    error = error.cause
  }
  return 'NETWORK'
}

/** A provider of credentials may put them into its error: nothing of it is kept but its kind. */
function nameOnly(cause: unknown): Error {
  return new Error(`the credentials could not be had (${cause instanceof Error ? cause.name : ''})`)
}
