import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:net'
import { request, type IncomingHttpHeaders } from 'node:http'
import { networkInterfaces } from 'node:os'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Live } from '../src/serve/live.ts'
import { serve, type Serving } from '../src/serve/serve.ts'
import { CLEAN, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { start } from './support/strata.ts'

const TOKEN = '0123456789abcdef0123456789abcdef'
const JSON_TYPE = 'application/json'

async function served(commits = 60, every = 20): Promise<Serving & { readonly port: number }> {
  const repository = await madeRepository(commits)
  const store = await scratch()
  const serving = await serve({
    about: { repository, store, every },
    store,
    port: 0,
    token: TOKEN,
    environment: CLEAN,
    now: () => performance.now(),
    date: () => new Date(),
  })
  onTestFinished(() => serving.close())
  return { ...serving, port: Number(new URL(serving.url).port) }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Sends a request as it is: no client tidies its address up. */
function send(port: number, path: string, asked: Asked = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = asked
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
      })
    })
    sent.on('error', reject).end(body)
  })
}

function post(port: number, path: string, body: unknown, token = TOKEN): Promise<Answer> {
  const headers = { 'content-type': JSON_TYPE, 'x-strata-token': token }
  return send(port, path, { method: 'POST', headers, body: JSON.stringify(body) })
}

/** Waits until the board says so. */
async function until({ board }: Serving, holds: (live: Live) => boolean): Promise<Live> {
  if (holds(board.live())) return board.live()
  return new Promise((resolve) => {
    const forget = board.onChange(() => {
      if (!holds(board.live())) return
      forget()
      resolve(board.live())
    })
  })
}

const isFinished = ({ run, guard }: Live): boolean =>
  run.state === 'finished' && guard.published.length > 0 && guard.sealed !== undefined

describe('the server', () => {
  it('shows the page and what is known, and forbids everything else by policy', async () => {
    const serving = await served()
    const { port } = serving
    await until(serving, isFinished)
    const page = await send(port, '/')
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['content-security-policy']).not.toContain('unsafe')
    const [, script = ''] = /src="\.(\/assets\/[^"]+\.js)"/u.exec(page.text) ?? []
    expect((await send(port, script)).headers['content-type']).toContain('text/javascript')
    expect(page.text).not.toMatch(/https?:\/\//u)

    const report = await send(port, '/api/report')
    expect(JSON.parse(report.text)).toMatchObject({ position: 60 })
    const { run, strata, guard, recovery } = serving.board.live()
    expect(run).toMatchObject({ position: 60, total: 60, resumedFrom: 0, state: 'finished' })
    expect(run.epochs.map(({ position }) => position)).toEqual([20, 40, 60])
    expect(strata.at(-1)?.position).toBe(60)
    expect(guard.sealed?.root).toBe(run.root)
    expect(guard.published[0]).toMatchObject({ branch: 'main', position: 60, root: run.root })
    expect(recovery).toMatchObject([{ number: 1, chosen: { epoch: null, position: 0 } }])
  })

  it.each([
    ['another name that points here', { host: 'evil.example' }, 421],
    ['another port', { host: '127.0.0.1:1' }, 421],
    ['a page of another origin', { origin: 'http://evil.example' }, 403],
    ['a page of another port', { origin: 'http://127.0.0.1:1' }, 403],
    ['a page without an origin', { origin: 'null' }, 403],
    ['an image on another site', { 'sec-fetch-site': 'cross-site' }, 403],
  ])('refuses %s', async (_, headers, status) => {
    const { port } = await served(3)
    expect((await send(port, '/api/live', { headers })).status).toBe(status)
  })

  it('refuses to do anything without the token, in JSON, of the right shape', async () => {
    const serving = await served(3)
    const { port } = serving
    await until(serving, isFinished)
    const good = { 'content-type': JSON_TYPE, 'x-strata-token': TOKEN }
    const status = async (headers: Asked['headers'], body: string): Promise<number> =>
      (await send(port, '/api/run', { method: 'POST', headers: headers ?? {}, body })).status
    expect(await status({ 'content-type': JSON_TYPE }, '{"from":"begin"}')).toBe(401)
    const wrong = { ...good, 'x-strata-token': TOKEN.replace('0', '1') }
    expect(await status(wrong, '{"from":"begin"}')).toBe(401)
    expect(await status({ ...good, 'x-strata-token': '' }, '{"from":"begin"}')).toBe(401)
    expect(await status({ ...good, 'content-type': 'text/plain' }, '{}')).toBe(415)
    for (const body of ['', '{', '[]', 'null', '{"from":"end"}', '{"from":"begin","path":"/"}']) {
      expect(await status(good, body)).toBe(400)
    }
    expect(await status(good, '{"__proto__":{"from":"begin"}}')).toBe(400)
    const tooLong = JSON.stringify({ from: 'x'.repeat(5000) })
    expect(await status(good, tooLong)).toBe(413)
    expect(await status({ ...good, 'transfer-encoding': 'chunked' }, tooLong)).toBe(413)
    expect(serving.board.live().recovery).toHaveLength(1)
    expect((await send(port, '/api/run', { method: 'PUT' })).status).toBe(405)
    expect((await send(port, '/api/run', { method: 'GET' })).status).toBe(404)
    expect((await post(port, '/api/nothing', {})).status).toBe(404)
    expect((await post(port, '/api/end', { signal: 'SIGKILL' })).status).toBe(409)
  })

  it.each([
    '/../package.json',
    '/assets/../../cli.js',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/package.json',
    '/assets\\..\\..\\cli.js',
    '//etc/passwd',
    '/index.html%00.js',
    '/?x=/etc/passwd',
    'http://127.0.0.1/',
    '/__proto__',
    '/constructor',
  ])('has nothing at %s', async (path) => {
    const { port } = await served(3)
    expect((await send(port, path)).status).toBe(404)
  })

  it('outlives what is no HTTP, and ends what is too long', async () => {
    const { port } = await served(3)
    expect((await send(port, `/${'a'.repeat(300)}`)).status).toBe(414)
    const headers = { 'x-long': 'a'.repeat(20_000) }
    expect((await send(port, '/', { headers })).status).toBe(431)
    for (const said of ['\0\0\0\r\n\r\n', 'GET\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
      await new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(said))
        socket.on('error', () => undefined).on('close', () => resolve())
        socket.resume()
      })
    }
    expect((await send(port, '/')).status).toBe(200)
    const nameless = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.0\r\n\r\n'))
      socket.setEncoding('utf8').once('data', (text: string) => resolve(text))
    })
    expect(nameless).toMatch(/^HTTP\/1.1 421 /u)
  })

  it('listens on the loopback interface only', async () => {
    const { port } = await served(3)
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of outside) {
      const isRefused = await new Promise<boolean>((resolve) => {
        const socket = connect(port, address, () => resolve(false))
        socket.on('error', () => resolve(true))
        onTestFinished(() => void socket.destroy())
      })
      expect(isRefused).toBe(true)
    }
  })

  it('tells each page all at first, and then what changes, at most ten times a second', async () => {
    const serving = await served(400)
    const messages: Partial<Live>[] = []
    const begun = performance.now()
    const stream = request({ host: '127.0.0.1', port: serving.port, path: '/api/events' })
    let text = ''
    stream.on('response', (response) => {
      response.setEncoding('utf8').on('data', (part: string) => {
        const parts = (text + part).split('\n\n')
        text = parts.pop() ?? ''
        for (const each of parts) {
          const [, data] = /^data: (.*)$/mu.exec(each) ?? []
          // oxlint-disable-next-line typescript/no-unsafe-argument -- the server's own type
          if (data !== undefined) messages.push(JSON.parse(data))
        }
      })
      response.on('error', () => undefined)
    })
    stream.on('error', () => undefined).end()
    await until(serving, isFinished)
    await expect.poll(() => messages.some(({ run }) => run?.state === 'finished')).toBe(true)
    stream.destroy()
    const [first] = messages
    expect(first?.about?.repository).toBe(serving.board.live().about.repository)
    expect(messages.length).toBeGreaterThan(2)
    expect(messages.length).toBeLessThan(2 + (performance.now() - begun) / 90)
  })
})

describe('a run on the page', () => {
  it('is killed, goes on from the newest epoch, and ends with the digest of an untouched one', async () => {
    const serving = await served(3000, 100)
    await until(serving, ({ run }) => run.epochs.length >= 3)
    expect((await post(serving.port, '/api/run', { from: 'begin' })).status).toBe(409)
    expect((await post(serving.port, '/api/end', { signal: 'SIGKILL' })).status).toBe(202)
    const killed = await until(serving, ({ run }) => run.state === 'killed')
    const saved = killed.run.epochs.at(-1)
    expect(killed.run.position).toBeLessThan(3000)
    expect(killed.recovery[0]?.end).toMatchObject({ state: 'killed', total: 3000 })

    expect((await post(serving.port, '/api/run', { from: 'resume' })).status).toBe(202)
    const resumed = await until(serving, isFinished)
    expect(resumed.run.resumedFrom).toBeGreaterThanOrEqual(saved?.position ?? 3000)
    expect(resumed.recovery[1]?.chosen?.position).toBe(resumed.run.resumedFrom)
    expect(resumed.recovery[1]?.chosen?.epoch).toBeGreaterThanOrEqual(saved?.epoch ?? Infinity)
    expect(resumed.strata.map(({ position }) => position)).toEqual(
      resumed.strata.map(({ position }) => position).sort((a, b) => a - b),
    )

    const untouched = await start([
      'run',
      resumed.about.repository,
      '--json',
      '--store',
      await scratch(),
    ]).ended
    expect(JSON.parse(untouched.stdout)).toMatchObject({ digest: resumed.run.digest })
  })

  it('has every chunk of its result proven, or says which one is refused, and why', async () => {
    const serving = await served(60)
    const live = await until(serving, isFinished)
    const verify = async (): Promise<Live['chunks']> => {
      await expect.poll(async () => (await post(serving.port, '/api/verify', {})).status).toBe(202)
      const isOver = ({ chunks }: Live): boolean => /proven|refused/u.test(chunks.state)
      return (await until(serving, isOver)).chunks
    }
    const proven = await verify()
    expect(proven.state).toBe('proven')
    expect(proven.cells.every(({ state }) => state === 'proven')).toBe(true)
    expect(proven.cells).toHaveLength(live.guard.sealed?.chunks ?? -1)
    expect(proven.cells[0]?.digest).toMatch(/^[0-9a-f]{64}$/u)

    const { store } = live.about
    const chunk = join(store, 'sealed/60', live.guard.sealed?.root ?? '', 'chunks/0')
    const bytes = await readFile(chunk)
    await rm(chunk)
    await writeFile(chunk, bytes.subarray(1))
    const refused = await verify()
    expect(refused.state).toBe('refused')
    expect(refused.cells[0]).toMatchObject({ state: 'refused', error: { code: 'CHUNK_CORRUPTED' } })
  })
})
