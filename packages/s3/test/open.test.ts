import { unwrap } from '@tidemark/core'
import { afterEach, describe, expect, it } from 'vitest'
import { formatCard, openS3Url, readS3Url, S3BlobStore, type S3Options } from '../src/index.ts'
import { FakeBucket, LOST, refusal } from './fake-bucket.ts'
import { AT_ONCE } from './fake-store.ts'
import { startHttpBucket, type HttpBucket, type Manner } from './http-bucket.ts'
import { bytesOf, describeServer, drain, openServer, serverOptions, theServer } from './support.ts'

const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
let bucket: HttpBucket | undefined

afterEach(async () => {
  await bucket?.stop()
  bucket = undefined
})

async function optionsFor(manner: Manner): Promise<S3Options> {
  bucket = await startHttpBucket(manner)
  return { bucket: 'test', endpoint: bucket.endpoint, credentials, runtime: AT_ONCE }
}

describe('an endpoint that lets two creates win', () => {
  it.each<Manner>(['ignores', 'answers 501'])('(%s) is refused, and left as it was', async (m) => {
    const opened = await S3BlobStore.open(await optionsFor(m))
    expect(opened).toMatchObject({ error: { code: 'UNSUPPORTED', kind: 'invalid' } })
    expect(bucket?.objects.size).toBe(0)
    const names = (bucket?.requests ?? []).filter((line) => line.startsWith('PUT'))
    expect(names.every((line) => line.includes('.tidemark-probe-'))).toBe(true)
  })

  it.each<Manner>(['ignores', 'answers 501'])(
    '(%s) opens for one writer, who is told',
    async (m) => {
      const options = await optionsFor(m)
      const store = unwrap(await S3BlobStore.open({ ...options, exclusiveWriter: true }))
      expect(store.supports).toMatchObject({
        createOnly: 'exclusive-writer',
        crossProcess: false,
        replaceIf: false,
      })
      const puts = await Promise.all(
        Array.from({ length: 32 }, (_, i) => store.put('a', bytesOf(`${i}`), { if: 'absent' })),
      )
      expect(puts.filter((put) => put.ok)).toHaveLength(1)
      expect(puts.filter((put) => !put.ok && put.error.code === 'CONFLICT')).toHaveLength(31)
      const { version } = unwrap(await store.put('b', bytesOf('1')))
      const swap = await store.put('b', bytesOf('2'), { if: version })
      expect(swap).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    },
  )
})

describe('an endpoint that honours create-only', () => {
  it('is opened with six requests, and says what it was seen to do', async () => {
    const store = unwrap(await S3BlobStore.open(await optionsFor('honours')))
    expect(bucket?.requests).toHaveLength(6)
    expect(bucket?.objects.size).toBe(0)
    const card = formatCard(store.card)
    expect(card).toContain('create-only       honoured')
    expect(card).toContain('compare-and-swap  yes, quoted entity tags')
    expect(card).not.toContain('secret')
  })

  it('but not compare-and-swap says so, and refuses to try', async () => {
    const client = new FakeBucket({ swaps: false }).client()
    const store = unwrap(await S3BlobStore.over({ client, runtime: AT_ONCE }))
    expect(store.card.compareAndSwap).toBe('none')
    expect(store.supports).toMatchObject({ replaceIf: false, crossProcess: true })
    const { version } = unwrap(await store.put('a', bytesOf('1')))
    const swap = await store.put('a', bytesOf('2'), { if: version })
    expect(swap).toMatchObject({ error: { code: 'UNSUPPORTED' } })
  })

  it('opens through lost answers', async () => {
    const fake = new FakeBucket()
    let calls = 0
    fake.plan = () => (++calls % 2 === 1 ? { effect: 'at once', answer: LOST } : undefined)
    const opened = await S3BlobStore.over({ client: fake.client(), runtime: AT_ONCE })
    expect(unwrap(opened).card.createOnly).toBe('honoured')
  })
})

describe('what cannot be opened', () => {
  it.each([
    ['OPEN_FAILED', refusal(404, 'NoSuchBucket')],
    ['OPEN_FAILED', refusal(403, 'InvalidAccessKeyId')],
    ['OPEN_FAILED', refusal(301, 'PermanentRedirect')],
    ['OPEN_FAILED', { kind: 'garbled', reason: 'test' } as const],
    ['IO_FAILED', refusal(503, 'SlowDown')],
    ['IO_FAILED', LOST],
  ])('is %s', async (code, answer) => {
    const fake = new FakeBucket()
    fake.plan = () => ({ answer })
    const opened = await S3BlobStore.over({ client: fake.client(), runtime: AT_ONCE })
    expect(opened).toMatchObject({ ok: false, error: { code } })
  })

  it.each<[string, Partial<S3Options>]>([
    ['bucket', { bucket: '../x' }],
    ['prefix', { prefix: 'no-slash' }],
    ['prefix', { prefix: 'a//' }],
    ['endpoint', { endpoint: 'http://user:password@127.0.0.1' }],
    ['endpoint', { endpoint: 'file:///etc' }],
    ['region', { region: 'x y' }],
    ['retry.attempts', { retry: { attempts: 0 } }],
    ['limits.partSizeBytes', { limits: { partSizeBytes: 1 } }],
  ])('has a wrong %s: INVALID_ARGUMENT, and its value is not repeated', async (argument, wrong) => {
    const opened = await S3BlobStore.open({ bucket: 'test', credentials, ...wrong })
    expect(opened).toMatchObject({ error: { code: 'INVALID_ARGUMENT', details: { argument } } })
    expect(JSON.stringify(opened)).not.toContain('password')
  })
})

describe('an address with the environment', () => {
  const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

  it('names bucket, prefix, endpoint and region', () => {
    const environment = { ...keys, AWS_ENDPOINT_URL: 'http://h', AWS_REGION: 'eu' }
    expect(unwrap(readS3Url('s3://bucket/a/b', environment))).toMatchObject({
      bucket: 'bucket',
      prefix: 'a/b/',
      endpoint: 'http://h',
      region: 'eu',
    })
    expect(unwrap(readS3Url('s3://bucket', keys))).toMatchObject({ bucket: 'bucket', prefix: '' })
  })

  it.each(['http://bucket', 's3://', 's3://id:secret@bucket', 's3://b?x=1'])(
    '%s is none',
    (url) => {
      expect(readS3Url(url, keys)).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } })
    },
  )
})

describeServer('a real server', () => {
  it('is opened by an address, and its parts are apart', async () => {
    const { endpoint, bucket, accessKeyId, secretAccessKey } = theServer()
    const environment = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    }
    const { prefix } = serverOptions()
    const one = unwrap(await openS3Url(`s3://${bucket}/${prefix}one`, environment))
    const two = unwrap(await openS3Url(`s3://${bucket}/${prefix}two/`, environment))
    unwrap(await one.put('a', bytesOf('1')))
    expect(await drain(two.list())).toEqual([])
    expect(unwrap(await two.head('a'))).toBeUndefined()
    process.stderr.write(`${formatCard(one.card)}\n`)
  })

  it('refuses wrong keys and a bucket that is not there with OPEN_FAILED', async () => {
    const options = serverOptions()
    const { accessKeyId } = theServer()
    const wrong = { ...options, credentials: { accessKeyId, secretAccessKey: 'wrong' } }
    expect(await S3BlobStore.open(wrong)).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    const missing = await S3BlobStore.open({ ...options, bucket: 'not-there' })
    expect(missing).toMatchObject({ error: { code: 'OPEN_FAILED' } })
  })

  it('verifies the digest of a body that was changed on its way', async () => {
    let isChanged = false
    const changing: typeof fetch = (url, init) => {
      isChanged = init?.method === 'PUT'
      return fetch(url, isChanged ? { ...init, body: new Uint8Array([9, 9]) } : init)
    }
    const store = await openServer()
    const { prefix } = serverOptions()
    const opened = await S3BlobStore.open({
      ...serverOptions(prefix),
      runtime: { ...AT_ONCE, fetch: changing },
    })
    expect(opened.ok).toBe(false)
    expect(isChanged).toBe(true)
    await store.close()
  })
})
