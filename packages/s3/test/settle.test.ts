import { unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { FakeBucket, LOST, refusal, UNSENT, type Call, type Fault } from './fake-bucket.ts'
import { storeOn } from './fake-store.ts'
import { bytesOf, drain } from './support.ts'

/** The first so many calls of that name go wrong. */
function first(count: number, call: Call, fault: Fault): FakeBucket['plan'] {
  let left = count
  return (name) => (name === call && left-- > 0 ? fault : undefined)
}

const always = Number.POSITIVE_INFINITY

describe('a create whose answer is lost', () => {
  it.each([
    ['a reset', LOST],
    ['an internal error', refusal(500, 'InternalError')],
    ['a bad gateway', refusal(502)],
    ['a conflict of an unknown kind', refusal(409, 'OperationAborted')],
    ['a conflict that passes', refusal(409, 'ConditionalRequestConflict')],
    ['an answer of another world', { kind: 'garbled', reason: 'test' } as const],
  ])('by %s is ok when it had taken effect', async (_, answer) => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(1, 'put', { effect: 'at once', answer })
    expect(await store.put('a', bytesOf('ours'), { if: 'absent' })).toMatchObject({ ok: true })
  })

  it('is ok when it had not, for it is sent again', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(2, 'put', { answer: LOST })
    expect(await store.put('a', bytesOf('ours'), { if: 'absent' })).toMatchObject({ ok: true })
    expect(bucket.calls).toEqual(['put a', 'put a', 'put a'])
  })

  it('is never ok, and never a plain CONFLICT, when the name is another’s', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    unwrap(await store.put('a', bytesOf('theirs')))
    bucket.plan = first(1, 'put', { answer: LOST })
    const put = await store.put('a', bytesOf('ours'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
  })

  it('is OUTCOME_UNKNOWN when it is absent: the request may still arrive', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(always, 'put', { effect: 'late', answer: LOST })
    const put = await store.put('a', bytesOf('ours'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
    bucket.deliverLate()
    expect(unwrap(await store.head('a'))?.sizeBytes).toBe(4)
  })

  it('is OUTCOME_UNKNOWN when nothing can be read either', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = () => ({ effect: 'at once', answer: LOST })
    const put = await store.put('a', bytesOf('ours'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
  })
})

describe('a create that is refused at once', () => {
  it('is CONFLICT when the name is another’s', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    unwrap(await store.put('a', bytesOf('theirs')))
    const put = await store.put('a', bytesOf('ours'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code: 'CONFLICT' } })
  })

  it('is ok when a proxy had sent it twice and the second was refused', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    const answer = refusal(412, 'PreconditionFailed')
    bucket.plan = first(1, 'put', { effect: 'at once', answer })
    expect(await store.put('a', bytesOf('ours'), { if: 'absent' })).toMatchObject({ ok: true })
  })

  it.each([
    ['IO_FAILED', 'permission', refusal(403, 'AccessDenied')],
    ['NO_SPACE', undefined, refusal(507)],
    ['NO_SPACE', undefined, refusal(403, 'QuotaExceeded')],
    ['IO_FAILED', undefined, refusal(400, 'InvalidRequest')],
    ['IO_FAILED', undefined, refusal(404, 'NoSuchBucket')],
    ['UNSUPPORTED', undefined, refusal(501, 'NotImplemented')],
    ['IO_FAILED', undefined, UNSENT],
  ])('is %s (%s), and nothing was stored', async (code, reason, answer) => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(always, 'put', { answer })
    const put = await store.put('a', bytesOf('x'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code } })
    if (reason !== undefined) expect(put).toMatchObject({ error: { details: { reason } } })
    expect(bucket.objects.size).toBe(0)
  })

  it('is OUTCOME_UNKNOWN when an earlier attempt was lost', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    const answers = [LOST, refusal(403, 'AccessDenied')]
    bucket.plan = (call) => {
      const answer = call === 'put' ? answers.shift() : undefined
      return answer === undefined ? undefined : { effect: 'late', answer }
    }
    const put = await store.put('a', bytesOf('x'), { if: 'absent' })
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
  })
})

describe('an unconditional put whose answer is lost', () => {
  it('is sent once, and ok when its nonce is found', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(always, 'put', { effect: 'at once', answer: LOST })
    expect(await store.put('a', bytesOf('ours'))).toMatchObject({ ok: true })
    expect(bucket.calls).toEqual(['put a', 'head a'])
  })

  it('is OUTCOME_UNKNOWN otherwise: a second one could undo what another wrote between', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(always, 'put', { answer: LOST })
    const put = await store.put('a', bytesOf('ours'))
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
    expect(bucket.calls.filter((call) => call === 'put a')).toHaveLength(1)
  })

  it('is sent again when it never left', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = first(2, 'put', { answer: UNSENT })
    expect(await store.put('a', bytesOf('ours'))).toMatchObject({ ok: true })
  })
})

describe('a compare-and-swap whose answer is lost', () => {
  it('is ok when it had taken effect', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    const { version } = unwrap(await store.put('a', bytesOf('1')))
    bucket.plan = first(1, 'put', { effect: 'at once', answer: LOST })
    expect(await store.put('a', bytesOf('2'), { if: version })).toMatchObject({ ok: true })
  })

  it('is OUTCOME_UNKNOWN when another came after it', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    const { version } = unwrap(await store.put('a', bytesOf('1')))
    const theirs = { bytes: bytesOf('3'), etag: 'three', nonce: 'theirs', sizeBytes: 1 }
    let left = 1
    bucket.plan = (call) => {
      if (call !== 'put') return undefined
      if (left-- > 0) return { effect: 'at once', answer: LOST }
      bucket.objects.set('a', theirs)
      return undefined
    }
    const put = await store.put('a', bytesOf('2'), { if: version })
    expect(put).toMatchObject({ ok: false, error: { code: 'OUTCOME_UNKNOWN' } })
    expect(bucket.objects.get('a')).toBe(theirs)
  })
})

describe('a signal', () => {
  it('that fires while a put is on its way makes it OUTCOME_UNKNOWN', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    const controller = new AbortController()
    bucket.plan = (call) => {
      if (call === 'put') controller.abort()
      return { effect: 'late', answer: LOST }
    }
    const put = await store.put('a', bytesOf('x'), { if: 'absent', signal: controller.signal })
    const error = { code: 'OUTCOME_UNKNOWN', details: { reason: 'aborted' } }
    expect(put).toMatchObject({ ok: false, error })
  })
})

describe('a read', () => {
  it('is repeated until it is answered', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    unwrap(await store.put('a', bytesOf('x')))
    for (const call of ['get', 'head', 'list', 'deleteMany'] as const) {
      bucket.plan = first(3, call, { answer: LOST })
      expect(await store.head('a')).toMatchObject({ ok: true, value: { sizeBytes: 1 } })
      expect(await store.get('a')).toMatchObject({ ok: true, value: { sizeBytes: 1 } })
      expect(await drain(store.list())).toHaveLength(1)
    }
  })

  it('that is never answered is IO_FAILED, never absence', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    for (const answer of [LOST, refusal(503, 'SlowDown'), refusal(404, 'NoSuchBucket')]) {
      bucket.plan = () => ({ answer })
      expect(await store.get('a')).toMatchObject({ error: { code: 'IO_FAILED' } })
    }
  })

  it('is not repeated for ever: a failing server is not stormed', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket)
    bucket.plan = () => ({ answer: LOST })
    for (let i = 0; i < 500; i++) expect((await store.head('a')).ok).toBe(false)
    // 500 requests earn 100 retries beside the first 100; without a budget there would be 2 000.
    expect(bucket.calls.length).toBeLessThanOrEqual(500 + 200)
  })

  it('waits as long as the server asks', async () => {
    const bucket = new FakeBucket()
    const pauses: number[] = []
    const sleep = async (ms: number): Promise<void> => void pauses.push(ms)
    const store = await storeOn(bucket, { runtime: { sleep } })
    const answer = { kind: 'refused', status: 503, code: 'SlowDown', retryAfterMs: 7000 } as const
    bucket.plan = first(1, 'head', { answer })
    expect(unwrap(await store.head('a'))).toBeUndefined()
    expect(pauses).toEqual([7000])
  })
})
