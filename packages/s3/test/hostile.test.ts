import { isTidemarkError, unwrap } from '@tidemark/core'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { S3BlobStore } from '../src/index.ts'
import { AT_ONCE } from './fake-store.ts'
import { error, startHttpBucket, type HttpBucket, type Override } from './http-bucket.ts'
import { bytesAt, bytesOf, drain } from './support.ts'

let bucket: HttpBucket
let store: S3BlobStore

beforeAll(async () => {
  bucket = await startHttpBucket()
  store = unwrap(
    await S3BlobStore.open({
      bucket: 'test',
      endpoint: bucket.endpoint,
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
      retry: { requestTimeoutMs: 150, attempts: 2 },
      limits: { listPages: 20 },
      runtime: AT_ONCE,
    }),
  )
})

afterAll(() => bucket.stop())

/** Runs a call while the server answers in its own way; gives the code it fails with. */
async function codeOf(
  answer: (response: ServerResponse) => unknown,
  call: () => Promise<unknown>,
): Promise<string> {
  const override: Override = (_, response) => {
    answer(response)
    return true
  }
  bucket.override = override
  try {
    const result = await call()
    const failed = typeof result === 'object' && result !== null && 'error' in result
    return failed && isTidemarkError(result.error) ? result.error.code : 'ok'
  } catch (thrown) {
    return isTidemarkError(thrown) ? thrown.code : `threw ${String(thrown)}`
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
    ['is out of order', 'IO_FAILED', () => page(['b', 'a'], 'x')],
    ['names no token', 'IO_FAILED', () => page(['a'], '')],
    ['is not XML', 'IO_FAILED', () => 'hello'],
    ['is HTML', 'IO_FAILED', () => '<!DOCTYPE html><html><body>Welcome</body></html>'],
    ['is another document', 'IO_FAILED', () => '<Other></Other>'],
    ['ends in its middle', 'IO_FAILED', () => page(['a'], 'x').slice(0, 80)],
    ['is larger than any listing', 'IO_FAILED', () => ' '.repeat(9 * 1024 * 1024)],
    ['has a size of nonsense', 'IO_FAILED', () => page(['a'], 'x').replace('>1<', '>-1<')],
    ['has entities that grow', 'IO_FAILED', () => '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'],
  ])('that %s: %s', async (_, code, body) => {
    expect(await codeOf((response) => response.end(body()), list)).toBe(code)
  })

  it('that is sound but larger than any listing is not even read to its end', async () => {
    const body = `<ListBucketResult>${' '.repeat(9 * 1024 * 1024)}</ListBucketResult>`
    bucket.override = (_, response) => response.end(body) !== undefined
    const failed = await drain(store.list()).catch((error: unknown) => error)
    bucket.override = () => false
    expect(String(failed)).toContain('its answer is endless')
  })

  it('that is sent for ever is not read for ever', async () => {
    const flood = (response: ServerResponse): void => {
      const more = (): void => {
        while (!response.destroyed && response.write('<a>'.repeat(50_000)));
        response.once('drain', more)
      }
      more()
    }
    expect(await codeOf(flood, list)).toBe('IO_FAILED')
  })
})

describe('a hostile reply to get ends in a typed error', () => {
  // What a request may take grows with what it moves: a small range keeps the waiting short.
  const get = async (): Promise<unknown> => store.get('a', { range: { start: 0, end: 64 } })
  const etag = '"e"'
  it.each<[string, (response: ServerResponse) => unknown]>([
    [
      'of another range',
      (r) => r.writeHead(206, { etag, 'content-range': 'bytes 5-6/9' }).end('xx'),
    ],
    ['without a range', (r) => r.writeHead(206, { etag }).end('xx')],
    [
      'without an entity tag',
      (r) => r.writeHead(206, { 'content-range': 'bytes 0-1/2' }).end('xx'),
    ],
    ['without a length', (r) => r.writeHead(200, { etag }).end('xx')],
    [
      'shorter than it says',
      (r) => r.writeHead(206, { etag, 'content-range': 'bytes 0-9/10' }).end('xx'),
    ],
    [
      'of an absurd size',
      (r) => r.writeHead(206, { etag, 'content-range': `bytes 0-1/${'9'.repeat(16)}` }).end('xx'),
    ],
    [
      'that is compressed',
      (r) =>
        r
          .writeHead(200, { etag, 'content-encoding': 'gzip', 'content-length': '60' })
          .end(gzipSync(new Uint8Array(60_000))),
    ],
    ['that redirects', (r) => r.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
    ['that redirects to itself', (r) => r.writeHead(302, { location: '/test/a' }).end()],
    ['that says no such bucket', (r) => r.writeHead(404).end(error('NoSuchBucket'))],
    ['that never comes', () => undefined],
    ['that stops in its middle', (r) => r.writeHead(200, { 'content-length': '9' }).write('x')],
    ['that is no HTTP', (r) => r.socket?.end('hello\r\n\r\n')],
  ])('%s', async (_, answer) => {
    expect(await codeOf(answer, get)).toBe('IO_FAILED')
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
  const put = (): Promise<unknown> => store.put('a', bytesOf('x'), { if: 'absent' })
  it.each<[string, string, (response: ServerResponse) => unknown]>([
    ['without an entity tag', 'OUTCOME_UNKNOWN', (r) => r.end()],
    ['that never comes', 'OUTCOME_UNKNOWN', () => undefined],
    ['that is cut off', 'OUTCOME_UNKNOWN', (r) => r.destroy()],
    ['that redirects', 'IO_FAILED', (r) => r.writeHead(307, { location: '/elsewhere' }).end()],
    ['of an unknown status', 'IO_FAILED', (r) => r.writeHead(418).end('short and stout')],
  ])('%s: %s', async (_, code, answer) => {
    expect(await codeOf(answer, put)).toBe(code)
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
