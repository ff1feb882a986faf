import { unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { FakeBucket, LOST, refusal } from './fake-bucket.ts'
import { storeOn } from './fake-store.ts'
import { bytesAt } from './support.ts'

const MIB = 1024 * 1024

async function* pieces(count: number, note: (i: number) => void = () => undefined) {
  for (let i = 0; i < count; i++) {
    note(i)
    yield new Uint8Array(MIB).fill(i)
  }
}

const limits = { singlePutBytes: 6 * MIB, partSizeBytes: 5 * MIB, uploadConcurrency: 2 }

describe('a body larger than one request', () => {
  it('goes in parts, never more of them at a time than allowed, and comes back whole', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket, { limits })
    const info = unwrap(await store.put('large', pieces(33)))
    expect(info.sizeBytes).toBe(33 * MIB)
    expect(bucket.mostParts).toBe(2)
    const read = await bytesAt(store, 'large')
    expect(read.filter((_, i) => i % MIB === 0)).toEqual(
      Uint8Array.from({ length: 33 }, (_, i) => i),
    )
    expect(unwrap(await store.head('large'))?.version).toBe(info.version)
  })

  it('asks its source for more only when something has been sent', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket, { limits })
    let mostAhead = 0
    const note = (i: number): void => {
      const sent = bucket.calls.filter((call) => call.startsWith('uploadPart')).length * 5
      mostAhead = Math.max(mostAhead, i - sent)
    }
    unwrap(await store.put('large', pieces(60, note)))
    // What one request takes, one part beyond it, two on their way and one being filled.
    expect(mostAhead).toBeLessThanOrEqual(6 + 5 + 2 * 5 + 5)
  })

  it('is taken back when its source fails, when a part fails, and when it is aborted', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket, { limits })
    const cause = new Error('source')
    const failing = async function* () {
      yield* pieces(20)
      throw cause
    }
    const put = await store.put('large', failing())
    expect(put).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENT', cause } })

    bucket.plan = (call) => (call === 'uploadPart' ? { answer: refusal(403, 'Denied') } : undefined)
    expect(await store.put('large', pieces(20))).toMatchObject({ error: { code: 'IO_FAILED' } })

    bucket.plan = () => undefined
    const controller = new AbortController()
    const { signal } = controller
    const aborting = pieces(20, (i) => i === 17 && controller.abort())
    expect(await store.put('large', aborting, { signal })).toMatchObject({
      error: { code: 'ABORTED', details: { committed: false } },
    })
    expect(bucket.uploads.size).toBe(0)
    expect(bucket.objects.size).toBe(0)
  })

  it('is created once: the condition is on its end, where it counts', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket, { limits })
    const puts = await Promise.all([
      store.put('large', pieces(9), { if: 'absent' }),
      store.put('large', pieces(12), { if: 'absent' }),
    ])
    expect(puts.filter((put) => put.ok)).toHaveLength(1)
    expect(puts.filter((put) => !put.ok && put.error.code === 'CONFLICT')).toHaveLength(1)
    expect(bucket.uploads.size).toBe(0)
  })

  it('whose end is not answered is ok when it had come, and unknown when it may still', async () => {
    const bucket = new FakeBucket()
    const store = await storeOn(bucket, { limits })
    const end = (effect: 'at once' | 'never') => {
      let left = 1
      bucket.plan = (call) =>
        call === 'completeUpload' && left-- > 0 ? { effect, answer: LOST } : undefined
    }
    end('at once')
    expect(await store.put('a', pieces(9), { if: 'absent' })).toMatchObject({ ok: true })
    end('never')
    expect(await store.put('b', pieces(9), { if: 'absent' })).toMatchObject({ ok: true })
    bucket.plan = (call) => (call === 'completeUpload' ? { answer: LOST } : undefined)
    const put = await store.put('c', pieces(9), { if: 'absent' })
    expect(put).toMatchObject({ error: { code: 'OUTCOME_UNKNOWN' } })
    expect(bucket.uploads.size).toBe(0)
  })

  it('is created in one request where the end of an upload cannot be conditional', async () => {
    const bucket = new FakeBucket({ completeOnly: false })
    const largestCreateBytes = 20 * MIB
    const store = await storeOn(bucket, { limits: { ...limits, largestCreateBytes } })
    expect(await store.put('fits', pieces(20), { if: 'absent' })).toMatchObject({ ok: true })
    expect(bucket.calls.filter((call) => call === 'put fits')).toHaveLength(1)
    const put = await store.put('too-large', pieces(26), { if: 'absent' })
    expect(put).toMatchObject({ error: { code: 'UNSUPPORTED' } })
    expect(await store.put('no-condition', pieces(26))).toMatchObject({ ok: true })
    expect([...bucket.objects.keys()]).toEqual(['fits', 'no-condition'])
  })
})
