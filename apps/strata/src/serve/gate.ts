import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Why a request is not answered: an HTTP status, and a sentence. */
export interface Refusal {
  readonly status: number
  readonly message: string
}

/** Who may ask. */
export interface GateOptions {
  /** The port that the server listens on. */
  readonly port: number
  /** What whoever changes something must show. */
  readonly token: string
}

/** The header with the token. No form and no image can send it. */
export const TOKEN_HEADER = 'x-strata-token'

/** An address of the server is shorter. */
const MAX_TARGET_LENGTH = 256

/**
 * Looks at a request before anything else does. The host must be this machine by name, so that no
 * name that somebody else lets point here (DNS rebinding) reaches the server; a page of another
 * origin may not ask at all; and what is not a question needs the token. `undefined`: it may pass.
 */
export function refusalOf(
  request: IncomingMessage,
  { port, token }: GateOptions,
): Refusal | undefined {
  const { headers, method = '', url = '' } = request
  const hosts = LOOPBACK.map((name) => `${name}:${port}`)
  if (!hosts.includes(headers.host ?? '')) return refusal(421, 'this server is not that host')
  const { origin } = headers
  if (origin !== undefined && !hosts.some((host) => origin === `http://${host}`)) {
    return refusal(403, 'another origin may not ask')
  }
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return refusal(403, 'another site may not ask')
  }
  if (url.length > MAX_TARGET_LENGTH) return refusal(414, 'no address here is as long')
  if (method === 'GET' || method === 'HEAD') return undefined
  if (method !== 'POST') return refusal(405, 'only GET, HEAD and POST')
  if (!isToken(headers[TOKEN_HEADER], token)) {
    return refusal(401, 'this needs the token that `strata serve` printed when it started')
  }
  if (headers['content-type'] !== 'application/json') return refusal(415, 'it takes JSON')
  return undefined
}

const LOOPBACK = ['127.0.0.1', 'localhost']

/** In the same time whatever is shown, so that it cannot be found out digit by digit. */
function isToken(shown: string | string[] | undefined, token: string): boolean {
  if (typeof shown !== 'string') return false
  const digest = (text: string): Uint8Array => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(shown), digest(token))
}

function refusal(status: number, message: string): Refusal {
  return { status, message }
}
