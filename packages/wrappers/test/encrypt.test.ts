import { concat, MemoryBlobStore, openStorage, toHex, unwrap, type BlobStore } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { encrypt, stack, type EntryContext } from '../src/index.ts'
import { snapshot } from './support/attacker.ts'
import { ringOf } from './support/media.ts'

const CHUNK = 65_536
const layer = encrypt(ringOf())

const CONTEXT: EntryContext = {
  identifier: 'one',
  key: 'x',
  salt: new Uint8Array(32).fill(5),
  seal: undefined,
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

async function gather(stream: AsyncIterable<Uint8Array> | undefined): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of stream ?? pieces(new Uint8Array(), 1)) all.push(piece)
  return concat(all)
}

function encrypted(bytes: Uint8Array, size: number, entry = CONTEXT): Promise<Uint8Array> {
  return gather(layer.forward?.(pieces(bytes, size), entry))
}

function decrypted(bytes: Uint8Array, entry = CONTEXT): Promise<Uint8Array> {
  return gather(layer.backward?.(pieces(bytes, 50_000), entry, { start: 0, toEnd: true }))
}

describe('encrypted chunks', () => {
  it('are the same however the value came, and give it back', async () => {
    for (const length of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK]) {
      const value = Uint8Array.from({ length }, (_, i) => i % 251)
      const stored = await encrypted(value, 1000)
      expect(stored.length).toBe(length + 16 * Math.max(1, Math.ceil(length / CHUNK)))
      for (const size of [1 + CHUNK / 2, CHUNK, 10 * CHUNK]) {
        expect(toHex(await encrypted(value, size))).toBe(toHex(stored))
      }
      expect(toHex(await decrypted(stored))).toBe(toHex(value))
    }
  })

  it('belong to one identifier, key and salt', async () => {
    const stored = await encrypted(new Uint8Array(10), 10)
    const others: Partial<EntryContext>[] = [
      { identifier: 'two' },
      { key: 'y' },
      { identifier: 'on', key: 'ex' },
      { salt: new Uint8Array(32) },
    ]
    for (const other of others) {
      await expect(decrypted(stored, { ...CONTEXT, ...other })).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
      })
    }
  })

  it('are refused when cut where a chunk ends: the last one is marked', async () => {
    const stored = await encrypted(new Uint8Array(3 * CHUNK), CHUNK)
    for (const chunks of [0, 1, 2]) {
      await expect(decrypted(stored.slice(0, chunks * (CHUNK + 16)))).rejects.toMatchObject({
        code: 'AUTHENTICATION_FAILED',
      })
    }
  })

  it('are handed out one by one, none before it is authentic', async () => {
    const stored = await encrypted(new Uint8Array(3 * CHUNK).fill(7), CHUNK)
    stored[2 * (CHUNK + 16) + 5] = 99
    const seen: number[] = []
    const reading = (async () => {
      const stream = layer.backward?.(pieces(stored, 1000), CONTEXT, { start: 0, toEnd: true })
      for await (const piece of stream ?? []) seen.push(piece.length)
    })()
    await expect(reading).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' })
    expect(seen).toEqual([CHUNK, CHUNK])
  })
})

/** Reads of a storage, as ranges of blobs. */
function watched(store: BlobStore, ranges: unknown[]): BlobStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        if (name === 'get' && String(args[0]).startsWith('blob/')) ranges.push(args[1])
        return Reflect.apply(member, target, args)
      }
    },
  })
}

it('a range of a large value reads only the pieces that it lies in', async () => {
  const ranges: unknown[] = []
  const store = watched(new MemoryBlobStore(), ranges)
  const storage = unwrap(await stack(openStorage(store), layer))
  const value = Uint8Array.from({ length: 5 * 2 ** 20 }, (_, i) => (i * 7) % 253)
  unwrap(await storage.save('one', { value }))
  const loaded = unwrap(await storage.loadCheckpoint('one'))
  const [start, end] = [3 * 2 ** 20 - 10, 3 * 2 ** 20 + 10]
  const got = unwrap(await loaded.getBytes('value', { range: { start, end } }))
  expect(toHex(got)).toBe(toHex(value.slice(start, end)))
  expect(ranges).toHaveLength(1)
  expect(ranges[0]).toMatchObject({ range: { start: 2 * 2 ** 20, end: 4 * 2 ** 20 } })
})

it('no value, and no two stored forms of it, can be seen on the medium', async () => {
  const store = new MemoryBlobStore()
  const storage = unwrap(await stack(openStorage(store), layer))
  const secret = 'the stored value that nobody may see'
  const stored = new Set<string>()
  for (const name of ['a', 'b']) {
    const draft = unwrap(await storage.createCheckpoint(name))
    for (const key of ['x', 'y']) unwrap(await draft.put(key, secret))
    // The same key of one draft again: under the same key and nonce, two values would show.
    const before = new Uint8Array(CHUNK + 1)
    for (const fill of [1, 2]) unwrap(await draft.put('z', before.fill(fill)))
    await unwrap(await draft.commit()).close()
  }
  for (const [key, bytes] of await snapshot(store)) {
    expect(new TextDecoder('latin1').decode(bytes)).not.toContain('the stored value')
    // The first bytes of two chunks under one key and nonce differ as their values do.
    if (key.startsWith('blob/')) stored.add(toHex(bytes.subarray(0, 8)))
  }
  const xors = [...stored].flatMap((a) => [...stored].map((b) => xor(a, b)))
  expect(xors).not.toContain(toHex(new Uint8Array(8).fill(3)))
})

function xor(a: string, b: string): string {
  const [x, y] = [BigInt(`0x${a}`), BigInt(`0x${b}`)]
  return (x ^ y).toString(16).padStart(16, '0')
}
