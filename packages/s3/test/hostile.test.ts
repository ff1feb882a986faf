import { isTidemarkError, unwrap } from '@tidemark/core'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3BlobStore } from '../src/index.ts'
import { AT_ONCE } from './fake-store.ts'
import { error, startHttpBucket, type HttpBucket, type Override } from './http-bucket.ts'
import { bytesAt, bytesOf, drain, untilOpen } from './support.ts'

let bucket: HttpBucket
/** Waits longer than any test: what it reports was answered, not timed out. */
let store: S3BlobStore
/** Does not wait, for servers that fall silent. */
let impatient: S3BlobStore

beforeAll(async () => {
  bucket = await startHttpBucket()
  const options = {
    bucket: 'test',
    endpoint: bucket.endpoint,
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    limits: { listPages: 20 },
    runtime: AT_ONCE,
  }
  const open = (requestTimeoutMs: number) =>
    S3BlobStore.open({ ...options, retry: { requestTimeoutMs, attempts: 2 } })
  store = unwrap(await open(300_000))
  impatient = await untilOpen(() => open(150))
})

afterAll(() => bucket.stop())

/** Runs a call while the server answers in its own way; gives what it fails with. */
async function failureOf(
  answer: (response: ServerResponse) => unknown,
  call: () => Promise<unknown>,
): Promise<{ readonly code: string; readonly message: string }> {
  const override: Override = (_, response) => {
    answer(response)
    return true
  }
  bucket.override = override
  try {
    const result = await call()
    const failed = typeof result === 'object' && result !== null && 'error' in result
    if (failed && isTidemarkError(result.error)) return result.error
    return { code: 'ok', message: '' }
  } catch (thrown) {
    return isTidemarkError(thrown) ? thrown : { code: 'threw', message: String(thrown) }
  } finally {
    bucket.override = () => false
  }
}

const list = (): Promise<unknown> => drain(store.list())
const page = (names: readonly string[], token: string): string =>
  `<ListBucketResult><IsTruncated>true</IsTruncated>${names
    .map((name) => `<Contents><Key>${name}</Key><Size>1</Size></Contents>`)
    .join('')}<NextContinuationToken>${token}</NextContinuationToken></ListBucketResult>`

describe('a hostile listing ends in a typed error', () => {
  let count = 0
  it.each<[string, string, () => string | Uint8Array]>([
    ['goes round and round', 'IO_FAILED', () => page(['a'], 'same')],
    ['never ends', 'LIMIT_EXCEEDED', () => page([`k${10_000 + ++count}`], `t${count}`)],
    ['is empty and goes on', 'IO_FAILED', () => page([], `t${++count}`)],
    ['is out of order', 'IO_FAILED', () => page(['b', 'a'], 'x').replace('true', 'false')],
    ['names no token', 'IO_FAILED', () => page(['a'], '')],
    ['is not XML', 'IO_FAILED', () => 'hello'],
    ['is HTML', 'IO_FAILED', () => '<!DOCTYPE html><html><body>Welcome</body></html>'],
    ['is another document', 'IO_FAILED', () => '<Other></Other>'],
    ['ends in its middle', 'IO_FAILED', () => page(['a'], 'x').slice(0, 80)],
    ['is larger than any listing', 'IO_FAILED', () => ' '.repeat(9 * 1024 * 1024)],
    ['has a size of nonsense', 'IO_FAILED', () => page(['a'], 'x').replace('>1<', '>-1<')],
    ['has entities that grow', 'IO_FAILED', () => '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'],
  ])('that %s: %s', async (_, code, body) => {
    const failed = await failureOf((response) => response.end(body()), list)
    expect(failed.code).toBe(code)
  })

  it('that is sound but larger than any listing is not even read to its end', async () => {
    const body = `<ListBucketResult>${' '.repeat(9 * 1024 * 1024)}</ListBucketResult>`
    const failed = await failureOf((response) => response.end(body), list)
    expect(failed.message).toContain('its answer is endless')
  })

  it('that is sent for ever is not read for ever', async () => {
    const flood = (response: ServerResponse): void => {
      const more = (): void => {
        while (!response.destroyed && response.write('<a>'.repeat(50_000)));
        response.once('drain', more)
      }
      more()
    }
    expect(await failureOf(flood, list)).toMatchObject({ code: 'IO_FAILED' })
  })
})

describe('a hostile reply to get ends in a typed error', () => {
  const get = async (end: number): Promise<unknown> => store.get('a', { range: { start: 0, end } })
  const etag = '"e"'
  const elsewhere = 'the bucket is elsewhere'
  it.each<[string, string, number, (response: ServerResponse) => unknown]>([
    [
      // As many bytes as were asked for, but others.
      'of another range',
      'its range is not the one asked for',
      2,
      (r) => r.writeHead(206, { etag, 'content-range': 'bytes 5-6/9' }).end('xx'),
    ],
    [
      'without a range',
      'its range is not the one asked for',
      2,
      (r) => r.writeHead(206, { etag }).end('xx'),
    ],
    [
      'without an entity tag',
      'it names no entity tag',
      2,
      (r) => r.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('xx'),
    ],
    [
      'without a length',
      'its range is not the one asked for',
      2,
      (r) => r.writeHead(200, { etag }).end('xx'),
    ],
    [
      'shorter than it says',
      'CUT_SHORT',
      64,
      (r) => r.writeHead(206, { etag, 'content-range': 'bytes 0-9/10' }).end('xx'),
    ],
    [
      'of an absurd size',
      'its range is not the one asked for',
      2,
      (r) => r.writeHead(206, { etag, 'content-range': `bytes 0-1/${'9'.repeat(16)}` }).end('xx'),
    ],
    [
      'that is compressed',
      'its body is encoded',
      64,
      (r) =>
        r
          .writeHead(206, { etag, 'content-encoding': 'gzip', 'content-range': 'bytes 0-63/64' })
          .end(gzipSync(new Uint8Array(60_000))),
    ],
    [
      'that redirects',
      elsewhere,
      2,
      (r) => r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
    ],
    [
      'that redirects to itself',
      elsewhere,
      2,
      (r) => r.writeHead(302, { location: '/test/a' }).end(),
    ],
    [
      'that says no such bucket',
      'NoSuchBucket',
      2,
      (r) => r.writeHead(404).end(error('NoSuchBucket')),
    ],
    ['that is no HTTP', 'HPE_INVALID_CONSTANT', 2, (r) => r.socket?.end('hello\r\n\r\n')],
  ])('%s: %s', async (_, said, end, answer) => {
    const failed = await failureOf(answer, () => get(end))
    expect(failed.code).toBe('IO_FAILED')
    expect(failed.message).toContain(said)
  })

  it.each<[string, (response: ServerResponse) => unknown]>([
    ['that never comes', () => undefined],
    ['that stops in its middle', (r) => r.writeHead(200, { 'content-length': '9' }).write('x')],
  ])('%s', async (_, answer) => {
    // What a request may take grows with what it moves: a small range keeps the waiting short.
    const range = { start: 0, end: 64 }
    const failed = await failureOf(answer, () => impatient.get('a', { range }))
    expect(failed.code).toBe('IO_FAILED')
  })

  it('and one longer than asked for is cut: no more memory than that is taken', async () => {
    bucket.objects.set('a', bytesOf('0123456789'))
    const answer: Override = ({ method }, response) => {
      if (method !== 'GET') return false
      response.writeHead(200, { etag, 'content-length': '10' }).end('0123456789')
      return true
    }
    bucket.override = answer
    const read = await bytesAt(store, 'a', { start: 0, end: 3 })
    bucket.override = () => false
    expect(read).toEqual(bytesOf('012'))
  })
})

describe('a hostile reply to put or delete ends in a typed error', () => {
  const put = (to = store): Promise<unknown> => to.put('a', bytesOf('x'), { if: 'absent' })
  it.each<[string, string, (response: ServerResponse) => unknown]>([
    ['without an entity tag', 'OUTCOME_UNKNOWN', (r) => r.end()],
    ['that is cut off', 'OUTCOME_UNKNOWN', (r) => r.destroy()],
    ['that redirects', 'IO_FAILED', (r) => r.writeHead(307, { location: '/elsewhere' }).end()],
    ['of an unknown status', 'IO_FAILED', (r) => r.writeHead(418).end('short and stout')],
  ])('%s: %s', async (_, code, answer) => {
    expect(await failureOf(answer, put)).toMatchObject({ code })
  })

  it('that never comes: OUTCOME_UNKNOWN', async () => {
    const failed = await failureOf(
      () => undefined,
      () => put(impatient),
    )
    expect(failed.code).toBe('OUTCOME_UNKNOWN')
  })

  it('that names other keys than were deleted says so for each', async () => {
    bucket.override = ({ method }, response) => {
      if (method === 'POST') {
        response.end('<DeleteResult><Deleted><Key>other</Key></Deleted></DeleteResult>')
      }
      return method === 'POST'
    }
    const report = unwrap(await store.delete(['a', 'b']))
    bucket.override = () => false
    expect(report.deleted).toBe(0)
    expect(report.failed.map(({ error }) => error.code)).toEqual(['IO_FAILED', 'IO_FAILED'])
  })
})
