import {
  cutCreate,
  cutDelete,
  cutLoser,
  cutReads,
  LONGEST_BYTES,
  startFaultProxy,
  type Cut,
  type Witnessed,
} from '@tidemark/gateway'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { S3BlobStore } from '../src/index.ts'
import {
  describeServer,
  freshPrefix,
  openServer,
  serverOptions,
  theServer,
  untilOpen,
} from './support.ts'

describeServer('a network that cuts connections', () => {
  /** Sampled here, every byte in the long run. */
  const places = Array.from({ length: 24 }, (_, i) => Math.floor((i * LONGEST_BYTES) / 24))
  const tally = { applied: 0, notApplied: 0, resolved: 0 }
  let witnessed: Witnessed

  beforeAll(async () => {
    const prefix = freshPrefix()
    const proxy = await startFaultProxy(theServer().endpoint)
    // More goes wrong here than a budget would stand.
    const retry = { pauseMs: 5, attempts: 3, requestTimeoutMs: 5000, reserve: 10_000 }
    const [cut, witness] = await Promise.all([
      openServer({ prefix, endpoint: proxy.endpoint, retry }),
      openServer({ prefix }),
    ])
    witnessed = { cut, witness, proxy }
  })

  afterAll(async () => {
    await witnessed.proxy.stop()
    process.stderr.write(`creates under cuts: ${JSON.stringify(tally)}\n`)
  })

  it.each(['request', 'reply'] as const)(
    'never loses an acknowledged create when the %s is cut, once or always',
    async (kind) => {
      for (const afterBytes of places) {
        const where: Cut = { kind, afterBytes }
        await cutCreate(witnessed, `${kind}-once-${afterBytes}`, where, 1, tally)
        await cutCreate(witnessed, `${kind}-always-${afterBytes}`, where, 99, tally)
      }
      expect(tally.applied + tally.notApplied + tally.resolved).toBeGreaterThanOrEqual(48)
    },
  )

  it.each(['request', 'reply'] as const)(
    'never acknowledges a create of a taken name when the %s is cut',
    async (kind) => {
      for (const afterBytes of places) {
        await cutLoser(witnessed, `${kind}-lost-${afterBytes}`, { kind, afterBytes }, tally)
      }
    },
  )

  it('never reads anything but what is there, and never deletes less than it says', async () => {
    for (const kind of ['request', 'reply'] as const) {
      for (const afterBytes of places) {
        const where: Cut = { kind, afterBytes }
        await cutReads(witnessed, where)
        await cutDelete(witnessed, where, `${kind}-${afterBytes}`)
      }
    }
  })

  it('is not waited for longer than was said when it falls silent', async () => {
    const { proxy } = witnessed
    const prefix = freshPrefix()
    const retry = { requestTimeoutMs: 400, attempts: 4, pauseMs: 5, reserve: 10_000 }
    const { endpoint } = proxy
    const impatient = await untilOpen(() =>
      S3BlobStore.open({ ...serverOptions(prefix), endpoint, retry }),
    )
    const silence = { ...witnessed, cut: impatient, witness: await openServer({ prefix }) }
    await cutCreate(silence, 'once', { kind: 'silence' }, 1, tally)
    const before = tally.resolved
    await cutCreate(silence, 'always', { kind: 'silence' }, 99, tally)
    expect(tally.resolved).toBe(before + 1)
  })
})
