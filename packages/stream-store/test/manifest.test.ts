import { describe, expect, it } from 'vitest'
import { unwrap } from '@tidemark/core'
import { createManifest, decodeManifest, encodeManifest } from '../src/index.ts'
const bytes = (text: string) => new TextEncoder().encode(text)
describe('x', () => {
  it('four fields', () => {
    const m = unwrap(
      decodeManifest(
        bytes('{"version":1,"checkpoint_id":1,"epoch":2,"timestamp_ms":3, "x": [1.5e3]}'),
      ),
    ).manifest
    console.log(m)
    expect(m.vnodeCount).toBe(0)
  })
  it('rt', () => {
    const m = createManifest({
      checkpointId: 18446744073709551615n,
      epoch: 1,
      timestampMs: 5,
      watermark: -9223372036854775808n,
      pipelineHash: 16045690984835258932n,
      sinkCommitStatuses: { a: 'pending', b: { failed: 'x' } },
      sourceOffsets: new Map([['__proto__', { offsets: { é: '1' } }]]),
    })
    const e = unwrap(encodeManifest(m, 'pretty'))
    console.log(new TextDecoder().decode(e))
    expect(unwrap(decodeManifest(e))).toEqual({ manifest: m, manifestDigest: 'verified' })
  })
})
