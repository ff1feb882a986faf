import { openStorage, unwrap } from '@tidemark/core'
import { expect, it } from 'vitest'
import { describeServer, openServer } from './support.ts'

describeServer('requests on the wire', () => {
  it('are one PUT and one look at the floor for a small commit', async () => {
    const methods: string[] = []
    const counting: typeof fetch = (url, init) => {
      methods.push(init?.method ?? 'GET')
      return fetch(url, init)
    }
    const store = await openServer({ runtime: { fetch: counting } })
    const storage = openStorage(store)
    unwrap(await storage.save('job', { page: 1 }))
    const draft = unwrap(await storage.createCheckpoint('job', { ifExists: 'replace' }))
    unwrap(await draft.put('page', 2))
    methods.length = 0
    unwrap(await draft.commit())
    expect(methods.filter((method) => method === 'PUT')).toHaveLength(1)
    expect(methods.length).toBeLessThanOrEqual(2)
  })

  it('sign the digest of every body, and carry no length but its own', async () => {
    const bodies: [string, string | undefined][] = []
    const watching: typeof fetch = (url, init) => {
      const headers = new Headers(init?.headers)
      bodies.push([init?.method ?? 'GET', headers.get('x-amz-content-sha256') ?? undefined])
      return fetch(url, init)
    }
    const store = await openServer({ runtime: { fetch: watching } })
    unwrap(await store.put('a', new Uint8Array([1])))
    unwrap(await store.delete(['a', 'b']))
    for (const [, digest] of bodies) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  })
})
