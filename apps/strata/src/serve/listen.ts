import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { refusalOf, type Refusal } from './gate.ts'
import { readBody } from './read-body.ts'
import type { StaticFile } from './static-files.ts'

/** What the server answers. */
export interface Routes {
  /** The files of the page. */
  readonly files: ReadonlyMap<string, StaticFile>
  /** Questions: each gives what is sent as JSON. */
  readonly questions: ReadonlyMap<string, () => unknown>
  /** Deeds: each takes what was sent, and gives what is sent back, or says why not. */
  readonly deeds: ReadonlyMap<string, (body: unknown) => Refusal | undefined>
  /** The address of the events, and who takes a page in. */
  readonly events: { readonly path: string; readonly join: (page: ServerResponse) => boolean }
}

/** Where to listen. */
export interface ListenOptions extends Routes {
  /** 0: any that is free. */
  readonly port: number
  readonly token: string
}

/** A server that listens, on the loopback interface only. */
export interface Listening {
  readonly port: number
  readonly close: () => Promise<void>
}

/** A request that takes longer to arrive is not a button. */
const REQUEST_TIMEOUT_MS = 10_000
const MAX_HEADER_BYTES = 16 * 1024
/** Pages, their events and their buttons; more is a flood. */
const MAX_CONNECTIONS = 64

/** Nothing but what the page brings itself, and nobody may frame it. */
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
}

const LOOPBACK = '127.0.0.1'

/** Listens; rejects with what the system says when the port is not to be had. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { token } = options
  let port = options.port
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: REQUEST_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
  }
  const server = createServer(limits, (request, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    const refused = refusalOf(request, { port, token })
    if (refused !== undefined) refuse(response, refused)
    else void answer(request, response, options)
  })
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, LOOPBACK, resolve)
  })
  const address = server.address()
  if (typeof address === 'object' && address !== null) port = address.port
  return { port, close: () => close(server) }
}

/** Addresses are looked up as they come: nothing is decoded, joined or resolved. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { files, questions, deeds, events }: Routes,
): Promise<void> {
  const path = request.url ?? ''
  if (request.method === 'POST') {
    const deed = deeds.get(path)
    if (deed === undefined) return refuse(response, NOT_HERE)
    const body = await readBody(request)
    if (!body.ok) return refuse(response, body.error)
    const refused = deed(body.value)
    return refused === undefined ? json(response, 202, {}) : refuse(response, refused)
  }
  const file = files.get(path)
  const question = questions.get(path)
  if (file !== undefined) send(response, 200, file.type, file.body)
  else if (question !== undefined) json(response, 200, question())
  else if (path !== events.path || request.method !== 'GET') refuse(response, NOT_HERE)
  else if (!events.join(response)) refuse(response, { status: 503, message: 'too many pages' })
}

const NOT_HERE: Refusal = { status: 404, message: 'there is nothing here' }

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  // What is left of its body is not read.
  response.setHeader('connection', 'close')
  json(response, status, { error: { message } })
}

function json(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(value))
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Uint8Array,
): void {
  // Node leaves the body away where the question was only for the head.
  response.writeHead(status, { 'content-type': type }).end(body)
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeAllConnections()
  await closed
}
