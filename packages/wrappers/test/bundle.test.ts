import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { MemoryBlobStore, openStorage, unwrap } from '@tidemark/core'
import { bundle, runBundle } from '@tidemark/test-setup/bundle'
import { describe, expect, it } from 'vitest'
import { checksum, compress, encrypt, hmac, stack } from '../src/index.ts'
import { ringOf } from './support/media.ts'

/** The size of the smallest useful import, gzipped. Raised only in the commit that needs it. */
const SEAL_CEILING_BYTES = 15_000

const home = fileURLToPath(new URL('..', import.meta.url))

describe('the portable entry, bundled', () => {
  it(`of a seal takes at most ${SEAL_CEILING_BYTES} bytes gzipped`, async () => {
    const code = "export { hmac, keyRing, stack } from '@tidemark/wrappers'"
    const { text } = await bundle(code, { home, conditions: ['browser'] })
    expect(gzipSync(text).length).toBeLessThanOrEqual(SEAL_CEILING_BYTES)
  })

  it('for Node uses its cipher and its compression', async () => {
    const code = "export * from '@tidemark/wrappers'"
    const { fromNode } = await bundle(code, { home, conditions: ['node'] })
    expect(new Set(fromNode)).toEqual(new Set(['node:crypto', 'node:util', 'node:zlib']))
  })

  it('writes, without Node, what Node reads, and reads what Node wrote', async () => {
    const layers = 'compress(), encrypt(ring), checksum(), hmac(ring)'
    const bundled = await bundle(
      `import { MemoryBlobStore, openStorage, unwrap } from '@tidemark/core'
       import { checksum, compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'
       const ring = unwrap(keyRing({ active: { id: 'k1', secret: new Uint8Array(32).fill(1) } }))
       export async function write() {
         const store = new MemoryBlobStore()
         const storage = unwrap(await stack(openStorage(store), ${layers}))
         unwrap(await storage.save('a', { x: 'text '.repeat(1000), big: new Uint8Array(200000).fill(7) }))
         const blobs = []
         for await (const { key } of store.list()) {
           blobs.push([key, unwrap(await unwrap(await store.get(key)).bytes())])
         }
         return blobs
       }
       export async function read(blobs) {
         const store = new MemoryBlobStore()
         for (const [key, bytes] of blobs) unwrap(await store.put(key, bytes))
         const storage = unwrap(await stack(openStorage(store), ${layers}))
         const loaded = unwrap(await storage.loadCheckpoint('a'))
         return [unwrap(await loaded.get('x')).length, unwrap(await loaded.getBytes('big')).length]
       }
       export const seen = await read(await write())
       export const written = await write()`,
      { home, conditions: ['browser'] },
    )
    const portable = await runBundle(bundled)
    expect(portable).toMatchObject({ seen: [5000, 200_000] })
    const written: unknown = Reflect.get(Object(portable), 'written')
    const store = new MemoryBlobStore()
    const pairs: readonly unknown[] = Array.isArray(written) ? written : []
    for (const pair of pairs) {
      const key: unknown = Reflect.get(Object(pair), 0)
      const bytes: unknown = Reflect.get(Object(pair), 1)
      if (typeof key === 'string' && bytes instanceof Uint8Array)
        unwrap(await store.put(key, bytes))
    }
    const ring = ringOf()
    const storage = unwrap(
      await stack(openStorage(store), compress(), encrypt(ring), checksum(), hmac(ring)),
    )
    const loaded = unwrap(await storage.loadCheckpoint('a'))
    expect(unwrap(await loaded.get('x'))).toBe('text '.repeat(1000))
    expect(unwrap(await loaded.getBytes('big')).every((byte) => byte === 7)).toBe(true)
    await loaded.close()
    unwrap(await storage.save('a', { x: 'node', big: new Uint8Array(9) }, { ifExists: 'replace' }))
    const blobs: [string, Uint8Array][] = []
    for await (const { key } of store.list()) {
      const blob = unwrap(await store.get(key))
      if (blob !== undefined) blobs.push([key, unwrap(await blob.bytes())])
    }
    const read: unknown = Reflect.get(Object(portable), 'read')
    const back: unknown =
      typeof read === 'function' ? await Reflect.apply(read, undefined, [blobs]) : undefined
    expect(back).toEqual([4, 9])
  })
})
