import {
  err,
  coreError,
  MemoryBlobStore,
  MemoryStorage,
  openStorage,
  unwrap,
  type ByteStorage,
} from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { describe, expect, it } from 'vitest'
import { checksum, compress, encrypt, hmac, stack, type Layer } from '../src/index.ts'
import { ringOf, temporaryDirectory } from './support/media.ts'

const ring = ringOf()

describe('the order of layers', () => {
  it('is checked by the compiler', async () => {
    const storage = new MemoryStorage()
    // Never run: what matters is what compiles.
    const wrong = async (): Promise<void> => {
      // @ts-expect-error compress after encrypt
      unwrap(await stack(storage, encrypt(ring), compress()))
      // @ts-expect-error encrypt after checksum
      unwrap(await stack(storage, checksum(), encrypt(ring)))
      // @ts-expect-error a duplicate
      unwrap(await stack(storage, hmac(ring), hmac(ring)))
      // @ts-expect-error checksum after hmac
      unwrap(await stack(storage, compress(), hmac(ring), checksum()))
      // @ts-expect-error not a layer
      unwrap(await stack(storage, ring))
    }
    expect(wrong).toBeInstanceOf(Function)
    const right = await stack(storage, compress(), encrypt(ring), checksum(), hmac(ring))
    expect(right.ok).toBe(true)
  })

  it('is checked at run time, for plain JavaScript', async () => {
    const wrong: readonly (readonly Layer[])[] = [
      [encrypt(ring), compress()],
      [checksum(), encrypt(ring)],
      [hmac(ring), hmac(ring)],
      [compress(), compress({ format: 'deflate' })],
      [{ ...hmac(ring), id: 'Not An Id' }],
      [{ ...hmac(ring), version: Number.NaN }],
    ]
    for (const layers of wrong) {
      const call: unknown = Reflect.apply(stack, undefined, [new MemoryStorage(), ...layers])
      await expect(call).rejects.toThrow(TypeError)
    }
    const odd = { ...hmac(ring) }
    Reflect.set(odd, 'kind', 'toString')
    const call: unknown = Reflect.apply(stack, undefined, [new MemoryStorage(), odd])
    await expect(call).rejects.toThrow(TypeError)
  })
})

describe('stack', () => {
  it('takes what opening gave, and passes its failure on', async () => {
    const directory = temporaryDirectory()
    const storage = unwrap(await stack(await FileStorage.open(directory), hmac(ring)))
    unwrap(await storage.save('a', { x: 1 }))
    await storage.close()
    const failed = err(coreError('OPEN_FAILED', 'no', { what: 'directory', reason: 'test' }))
    expect(await stack(failed, hmac(ring))).toBe(failed)
    const again = unwrap(await stack(await FileStorage.open(directory), hmac(ring)))
    const loaded = unwrap(await again.loadCheckpoint('a'))
    expect(unwrap(await loaded.get('x'))).toBe(1)
    await loaded.close()
    await again.close()
    const plain = unwrap(await FileStorage.open(directory))
    const found = await plain.loadCheckpoint('a')
    expect(found.ok ? 'ok' : found.error.message).toBe(
      'this was written through "hmac-sha-256/1", and opened through no layers',
    )
    await plain.close()
  })

  it('takes the storage over: closing it closes both, and so does a stack that is refused', async () => {
    const below = new MemoryStorage()
    const storage = unwrap(await stack(below, checksum()))
    await storage.close()
    const saved = await below.save('a', {})
    expect(saved.ok ? 'ok' : saved.error.code).toBe('CLOSED')

    const store = new MemoryBlobStore()
    unwrap(await openStorage(store).save('a', {}))
    const plain = openStorage(store)
    const refused = await stack(plain, checksum())
    expect(refused.ok ? 'ok' : refused.error.code).toBe('STACK_MISMATCH')
    const loaded = await plain.loadCheckpoint('a')
    expect(loaded.ok ? 'ok' : loaded.error.code).toBe('CLOSED')
  })

  it('goes on once: a stack over a stack, and a storage that knows of none, are UNSUPPORTED', async () => {
    const once = unwrap(await stack(new MemoryStorage(), checksum()))
    const twice = await stack(once, hmac(ring))
    expect(twice.ok ? 'ok' : twice.error.code).toBe('UNSUPPORTED')
    let isClosed = false
    const unlayered: ByteStorage = {
      create: () => Promise.reject(new Error('unused')),
      load: () => Promise.reject(new Error('unused')),
      remove: () => Promise.reject(new Error('unused')),
      identifiers: () => new ReadableStream<string>(),
      generations: () => new ReadableStream<never>(),
      gc: () => Promise.reject(new Error('unused')),
      close: async () => void (isClosed = true),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
    const refused = await stack(unlayered, hmac(ring))
    expect(refused.ok ? 'ok' : refused.error.code).toBe('UNSUPPORTED')
    expect(isClosed).toBe(true)
  })

  it('without any layer gives the storage as it is', async () => {
    const store = new MemoryBlobStore()
    const storage = unwrap(await stack(openStorage(store)))
    unwrap(await storage.save('a', { x: 1 }))
    const loaded = unwrap(await openStorage(store).loadCheckpoint('a'))
    expect(unwrap(await loaded.get('x'))).toBe(1)
  })

  it('two who first write to one place through different layers: one is refused', async () => {
    const store = new MemoryBlobStore()
    const one = unwrap(await stack(openStorage(store), hmac(ring)))
    const other = unwrap(await stack(openStorage(store), checksum()))
    const plain = openStorage(store)
    unwrap(await one.save('a', { x: 1 }))
    for (const late of [other, plain]) {
      const saved = await late.save('b', { x: 1 })
      expect(saved.ok ? 'ok' : saved.error.code).toBe('STACK_MISMATCH')
    }
    const loaded = unwrap(await one.loadCheckpoint('a'))
    expect(loaded.generation).toBe(1)
  })
})
