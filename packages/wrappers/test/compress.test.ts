import * as zlib from 'node:zlib'
import { gzipSync } from 'node:zlib'
import {
  concat,
  MemoryBlobStore,
  openStorage,
  unwrap,
  type CoreError,
  type Result,
} from '@tidemark/core'
import { expect, it } from 'vitest'
import { compress, stack, type CompressOptions } from '../src/index.ts'
import { bytesOf, entryOf, give, take } from './support/attacker.ts'

const MIB = 2 ** 20

function block(
  kind: number,
  original: number,
  stored: Uint8Array,
  claimed = stored.length,
): Uint8Array {
  const header = new Uint8Array(9)
  const view = new DataView(header.buffer)
  view.setUint8(0, kind)
  view.setUint32(1, original)
  view.setUint32(5, claimed)
  return concat([header, stored])
}

/** What reading an entry comes to whose stored bytes somebody made. */
async function reading(
  bytes: Uint8Array,
  size: number,
  options: CompressOptions = {},
): Promise<string> {
  const store = new MemoryBlobStore()
  const storage = unwrap(await stack(openStorage(store), compress(options)))
  unwrap(await storage.save('one', { x: 1 }))
  const taken = await take(store, 'one', 1)
  Object.assign(entryOf(taken, 'x'), { bytes, attached: { size } })
  await give(store, 'one', 1, taken)
  const again = unwrap(await stack(openStorage(store), compress(options)))
  const got = await unwrap(await again.loadCheckpoint('one')).getBytes('x')
  return describe(got)
}

function describe(result: Result<Uint8Array, CoreError>): string {
  if (result.ok) return `${result.value.length} bytes`
  const { code, details } = result.error
  return code === 'LIMIT_EXCEEDED' ? `${code} ${details.limit}` : code
}

it('row 15: a block that claims or becomes more than it may is refused before memory grows', async () => {
  const zeros = gzipSync(new Uint8Array(MIB))
  expect(await reading(block(1, MIB, zeros), MIB)).toBe(`${MIB} bytes`)
  expect(await reading(block(1, 50 * MIB, gzipSync(new Uint8Array(50 * MIB))), 50 * MIB)).toBe(
    'LIMIT_EXCEEDED block',
  )
  expect(await reading(block(1, 2 ** 32 - 1, zeros), 2 ** 32 - 1)).toBe('LIMIT_EXCEEDED block')
  // It expands to fifty times what it claims.
  expect(
    await reading(block(1, MIB, gzipSync(new Uint8Array(50 * MIB)).subarray(0, MIB - 1)), MIB),
  ).toBe('LIMIT_EXCEEDED block')
  expect(await reading(block(1, MIB, zeros), MIB, { maxRatio: 100 })).toBe(
    'LIMIT_EXCEEDED maxRatio',
  )
  const many = concat(Array.from({ length: 9 }, () => block(1, MIB, zeros)))
  expect(await reading(many, 9 * MIB, { maxInflatedBytes: 8 * MIB })).toBe(
    'LIMIT_EXCEEDED maxInflatedBytes',
  )
  expect(await reading(many, 9 * MIB)).toBe(`${9 * MIB} bytes`)
})

it('what is no block is CORRUPTED', async () => {
  const zeros = gzipSync(new Uint8Array(MIB))
  const ten = new Uint8Array(10)
  const bad: readonly (readonly [Uint8Array, number])[] = [
    [block(2, 10, ten), 10],
    [block(0, 9, ten), 9],
    [block(1, 10, ten), 10],
    [block(0, 10, ten, 11), 10],
    [block(0, 10, ten).subarray(0, 8), 10],
    [block(1, MIB, zeros.subarray(0, 900), 900), MIB],
    [block(1, MIB - 1, zeros), MIB - 1],
    [block(1, MIB, new Uint8Array(2000)), MIB],
    [block(0, 10, ten), 11],
    [block(0, 10, ten), 9],
    [new Uint8Array(), 1],
  ]
  for (const [bytes, size] of bad) {
    const found = await reading(bytes, size)
    expect(found === 'CORRUPTED' || found.startsWith('LIMIT_EXCEEDED'), found).toBe(true)
  }
})

it('shrinks what shrinks, and keeps what does not as it is', async () => {
  for (const format of ['gzip', 'deflate'] as const) {
    const store = new MemoryBlobStore()
    const storage = unwrap(await stack(openStorage(store), compress({ format })))
    const noise = crypto.getRandomValues(new Uint8Array(60_000))
    const text = new TextEncoder().encode('the same again. '.repeat(4000))
    unwrap(await storage.save('one', { noise, text, small: 7 }))
    const { entries } = await take(store, 'one', 1)
    const length = (key: string): number =>
      entryOf({ manifest: {}, attachment: {}, entries }, key).bytes.length
    expect(length('noise')).toBe(60_009)
    expect(length('text')).toBeLessThan(1000)
    expect(length('small')).toBe(10)
    const loaded = unwrap(await storage.loadCheckpoint('one'))
    expect(unwrap(await loaded.getBytes('noise'))).toEqual(noise)
    expect(unwrap(await loaded.getBytes('text'))).toEqual(text)
  }
})

it('never writes what it could not read again', async () => {
  const store = new MemoryBlobStore()
  const options = { maxRatio: 2, maxInflatedBytes: 3 * MIB }
  const storage = unwrap(await stack(openStorage(store), compress(options)))
  unwrap(await storage.save('one', { zeros: new Uint8Array(50_000) }))
  expect((await bytesOf(store, 'log/n-one.r1')).length).toBeGreaterThan(50_000)
  const loaded = unwrap(await storage.loadCheckpoint('one'))
  expect(unwrap(await loaded.getBytes('zeros'))).toEqual(new Uint8Array(50_000))
  await loaded.close()

  const draft = unwrap(await storage.createCheckpoint('two'))
  const put = await draft.put('big', new Uint8Array(3 * MIB + 1))
  expect(put.ok ? 'ok' : put.error).toMatchObject({
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'maxInflatedBytes', maximum: 3 * MIB },
  })
  const committed = await draft.commit()
  expect(committed.ok ? 'ok' : committed.error.code).toBe('LIMIT_EXCEEDED')
  unwrap(await draft.put('big', new Uint8Array(10)))
  unwrap(await draft.commit())
})

it('zstd is there where the runtime has it, and UNSUPPORTED elsewhere', async () => {
  const zstdCompress: unknown = Reflect.get(zlib, 'zstdCompress')
  const stacked = await stack(openStorage(new MemoryBlobStore()), compress({ format: 'zstd' }))
  if (zstdCompress === undefined) {
    expect(stacked.ok ? 'ok' : stacked.error).toMatchObject({
      code: 'UNSUPPORTED',
      details: { feature: 'zstd' },
    })
    return
  }
  const storage = unwrap(stacked)
  unwrap(await storage.save('one', { x: 'a'.repeat(100_000) }))
  const loaded = unwrap(await storage.loadCheckpoint('one'))
  expect(unwrap(await loaded.get('x'))).toBe('a'.repeat(100_000))
})
