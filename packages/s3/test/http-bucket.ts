import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { joinParts } from '../src/blob/parts.ts'

/** What a server does with `If-None-Match: *`. */
export type Manner = 'honours' | 'ignores' | 'answers 501'

/** Takes a request over: `true` when it has answered (or never will). */
export type Override = (request: IncomingMessage, response: ServerResponse) => boolean

/** A bucket on loopback: as polite as told, until it is overridden. */
export interface HttpBucket {
  readonly endpoint: string
  readonly objects: Map<string, Uint8Array>
  /** Every request, as `PUT /bucket/name`. */
  readonly requests: string[]
  override: Override
  stop(): Promise<void>
}

/** Starts a server that knows just enough to be opened. It checks no signature. */
export async function startHttpBucket(manner: Manner = 'honours'): Promise<HttpBucket> {
  const objects = new Map<string, Uint8Array>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const chunks: Uint8Array[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    request.on('end', () => {
      if (bucket.override(request, response)) return
      answer(objects, manner, request, joinParts(chunks), response)
    })
  })
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  const bucket: HttpBucket = {
    endpoint: `http://127.0.0.1:${port}`,
    objects,
    requests,
    override: () => false,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return bucket
}

function answer(
  objects: Map<string, Uint8Array>,
  manner: Manner,
  { method, url = '', headers }: IncomingMessage,
  body: Uint8Array,
  response: ServerResponse,
): void {
  const { pathname, searchParams } = new URL(url, 'http://x')
  const name = decodeURIComponent(pathname.split('/').slice(2).join('/'))
  const send = (
    status: number,
    more: Record<string, string> = {},
    text: Uint8Array | string = '',
  ) => void response.writeHead(status, more).end(text)
  const held = objects.get(name)
  if (method === 'PUT') {
    const creates = headers['if-none-match'] === '*'
    const swaps = headers['if-match']
    if (creates && manner === 'answers 501') return send(501, {}, error('NotImplemented'))
    const isTaken = creates ? held !== undefined : swaps !== undefined && swaps !== tagOf(held)
    if (isTaken && manner === 'honours') return send(412, {}, error('PreconditionFailed'))
    objects.set(name, body)
    return send(200, { etag: tagOf(body) })
  }
  if (method === 'POST') {
    const names = [...new TextDecoder().decode(body).matchAll(/<Key>(.*?)<\/Key>/g)]
    for (const [, key = ''] of names) objects.delete(key)
    const deleted = names.map(([key]) => `<Deleted>${key}</Deleted>`).join('')
    return send(200, {}, `<DeleteResult>${deleted}</DeleteResult>`)
  }
  if (method === 'DELETE') {
    objects.delete(name)
    return send(204)
  }
  if (name === '') return send(200, {}, listing(objects, searchParams.get('prefix') ?? ''))
  if (held === undefined) return send(404, {}, method === 'HEAD' ? '' : error('NoSuchKey'))
  const facts = { etag: tagOf(held), 'content-length': String(held.length) }
  if (method === 'HEAD') return send(200, facts)
  return sendRange(held, headers.range ?? '', response)
}

function sendRange(held: Uint8Array, range: string, response: ServerResponse): void {
  const [, first = '0', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? []
  const [start, end] = [Number(first), Math.min(Number(last) + 1, held.length)]
  if (start >= held.length) {
    response.writeHead(416).end(error('InvalidRange'))
    return
  }
  const place = `bytes ${start}-${end - 1}/${held.length}`
  response.writeHead(206, { etag: tagOf(held), 'content-range': place })
  response.end(held.subarray(start, end))
}

function listing(objects: Map<string, Uint8Array>, prefix: string): string {
  const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort()
  const contents = names.map((name) => {
    const size = objects.get(name)?.length ?? 0
    return `<Contents><Key>${name}</Key><Size>${size}</Size><ETag>e</ETag></Contents>`
  })
  return `<ListBucketResult>${contents.join('')}</ListBucketResult>`
}

/** An explanation as servers give it. */
export function error(code: string): string {
  return `<Error><Code>${code}</Code><Message>of no concern</Message></Error>`
}

function tagOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : `"${createHash('md5').update(bytes).digest('hex')}"`
}
