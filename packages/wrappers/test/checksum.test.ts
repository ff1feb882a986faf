import { unwrap, type TypedStorage } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { checksum, encrypt, hmac, stack, type Layer } from '../src/index.ts'
import { Double, type Kept } from './support/double.ts'
import { inOrder, ringOf } from './support/media.ts'

const LARGE = 3 * 2 ** 20 + 17

async function scene(...layers: Layer[]) {
  const double = new Double()
  const open = (): Promise<TypedStorage> => unwrap(stack(double, ...inOrder(layers)))
  const storage = await open()
  for (const name of ['one', 'two']) {
    unwrap(await storage.save(name, { a: 1, b: 'b', big: new Uint8Array(LARGE).fill(3), none: '' }))
  }
  const kept = double.kept.get('one')?.[0]
  if (kept === undefined) throw new Error('nothing was kept')
  return { double, kept, open }
}

/** What reading each value comes to. */
async function outcomes(
  storage: TypedStorage,
  identifier: string,
): Promise<Record<string, string>> {
  const loaded = await storage.loadCheckpoint(identifier)
  if (!loaded.ok) return { load: loaded.error.code }
  const found: Record<string, string> = {}
  for (const key of loaded.value.keys()) {
    const got = await loaded.value.getBytes(key)
    found[key] = got.ok ? 'ok' : got.error.code
  }
  return found
}

const FINE = { a: 'ok', b: 'ok', big: 'ok', none: 'ok' }

describe.each([
  ['checksum', () => checksum(), 'CORRUPTED'],
  ['hmac', () => hmac(ringOf()), 'AUTHENTICATION_FAILED'],
] as const)('%s over a storage that verifies nothing', (_, layer, code) => {
  it('finds any damage of a value, names it, and leaves the others readable', async () => {
    const bytesOf = ({ entries }: Kept, key: string): Uint8Array =>
      entries.get(key)?.bytes ?? new Uint8Array()
    for (const at of [0, 2 ** 20 - 1, 2 ** 20, 2 * 2 ** 20 + 5, LARGE - 1]) {
      const { kept, open } = await scene(layer())
      const bytes = bytesOf(kept, 'big')
      bytes[at] = (bytes[at] ?? 0) ^ 128
      const storage = await open()
      expect(await outcomes(storage, 'one')).toEqual({ ...FINE, big: code })
      expect(await outcomes(storage, 'two')).toEqual(FINE)
      const { problems } = unwrap(await storage.verify())
      expect(problems).toMatchObject([
        {
          identifier: 'one',
          key: 'big',
          error: { code, details: { entry: 'big', layer: layer().id } },
        },
      ])
      expect(problems).toHaveLength(1)
    }
  })

  it('finds a value that is cut, longer, empty or swapped', async () => {
    const changes: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
      ['big', (bytes) => bytes.slice(0, 2 ** 20)],
      ['big', (bytes) => Uint8Array.from([...bytes, 3])],
      ['big', () => new Uint8Array()],
      ['a', () => new Uint8Array()],
      ['none', () => new Uint8Array(1)],
    ]
    for (const [key, change] of changes) {
      const { kept, open } = await scene(layer())
      const entry = kept.entries.get(key)
      if (entry !== undefined) entry.bytes = change(entry.bytes)
      expect(await outcomes(await open(), 'one')).toEqual({ ...FINE, [key]: code })
    }
  })

  it('finds damage of anything else that a checkpoint says', async () => {
    const changes: ((kept: Kept) => void)[] = [
      (kept) => void (kept.metadata = { x: 1 }),
      (kept) => void (kept.committedAtMs += 1),
      (kept) => void (kept.committedAtMs = 9e15),
      (kept) => void (kept.committedAtMs = -5),
      (kept) => void (kept.generation = 1.5),
      (kept) => void (kept.generation += 1),
      (kept) => void (kept.identifier += 'x'),
      (kept) => void kept.entries.delete('a'),
      (kept) => void kept.entries.set('c', { codec: 'json', bytes: new Uint8Array([49]) }),
      (kept) => void Object.assign(kept.entries.get('b') ?? {}, { codec: 'text' }),
    ]
    for (const change of changes) {
      const { kept, open } = await scene(layer())
      change(kept)
      expect(await outcomes(await open(), 'one')).toEqual({ load: code })
    }
  })

  it('ranges are verified as whole values are', async () => {
    const { kept, open } = await scene(layer())
    const bytes = kept.entries.get('big')?.bytes ?? new Uint8Array()
    bytes[2 ** 20 + 1] = 9
    const loaded = unwrap(await (await open()).loadCheckpoint('one'))
    const read = async (start: number, end: number): Promise<string> => {
      const got = await loaded.getBytes('big', { range: { start, end } })
      return got.ok ? `${got.value.length}` : got.error.code
    }
    expect(await read(5, 10)).toBe('5')
    expect(await read(2 ** 20 - 1, 2 ** 20 + 1)).toBe(code)
    expect(await read(2 * 2 ** 20, LARGE + 5)).toBe(`${LARGE - 2 * 2 ** 20}`)
  })
})

it('with both, damage of an encrypted value is found without any key', async () => {
  const { kept, open } = await scene(encrypt(ringOf()), checksum())
  const bytes = kept.entries.get('big')?.bytes ?? new Uint8Array()
  bytes[7] = (bytes[7] ?? 0) ^ 1
  expect(await outcomes(await open(), 'one')).toEqual({ ...FINE, big: 'CORRUPTED' })
})
