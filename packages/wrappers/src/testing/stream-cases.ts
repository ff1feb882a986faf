import { concat, MemoryStorage, unwrap } from '@tidemark/core'
import { ContractFailure, seededRandom } from '@tidemark/core/testing'
import type { EntryContext, Extent, Layer } from '../layer.ts'
import { stack } from '../stack.ts'
import type { LayerCase } from './layer-contract.ts'

const MIB: number = 2 ** 20

/** Around every length that chunks and blocks are likely to have. */
const LENGTHS: readonly number[] = [0, 1, 511, 512, 65_535, 65_536, 65_537, MIB + 1]

/** A layer may hold so much of a stream, and no more. */
const MAX_HELD_BYTES: number = 4 * MIB

const WHOLE: Extent = { start: 0, toEnd: true }

const ENTRY: EntryContext = {
  identifier: 'contract',
  key: 'x',
  salt: new Uint8Array(32).fill(7),
  seal: undefined,
}

/** Values on their way through a layer, and back. */
export const streamCases: readonly LayerCase[] = [
  {
    name: 'gives every value back, of any length, however its pieces came',
    run: async (layer) => {
      for (const length of LENGTHS) {
        const value = sample(length)
        for (const size of [1 + Math.floor(length / 3), 3000, 2 * MIB]) {
          const stored = await gather(forward(layer, pieces(value, size)))
          const back = await gather(backward(layer, pieces(stored, 70_001), WHOLE))
          check(isSame(back, value), `a value of ${length} bytes came back changed`)
        }
      }
    },
  },
  {
    name: 'works while the value still comes: it holds a few MiB at most',
    run: async (layer) => {
      const watched = { taken: 0, given: 0, held: 0 }
      for await (const piece of forward(layer, counted(watched))) watched.given += piece.length
      check(watched.taken === 16 * MIB, 'the value was not read to its end')
      check(watched.held <= MAX_HELD_BYTES, `it held ${watched.held} bytes`)
    },
  },
  {
    name: 'hands out memory of its own, if it says that it reads its body once',
    run: async (layer) => {
      if (layer.readsOnce !== true) return
      const body = noise(300_000)
      async function* whole(): AsyncIterable<Uint8Array> {
        yield body
      }
      const given: Uint8Array[] = []
      for await (const piece of forward(layer, whole())) given.push(piece)
      const before = concat(given)
      body.fill(0)
      check(isSame(concat(given), before), 'what it gave changed with the memory of its body')
    },
  },
  {
    name: 'passes the failure of a source on as it is',
    run: async (layer) => {
      const cause = new Error('the source broke')
      async function* failing(): AsyncIterable<Uint8Array> {
        yield new Uint8Array(100_000)
        throw cause
      }
      const thrown = await gather(forward(layer, failing())).catch((error: unknown) => error)
      check(thrown === cause, 'what the source threw was lost')
    },
  },
  {
    name: 'lets go of what it reads when its reader leaves early',
    run: async (layer) => {
      const stored = await gather(forward(layer, pieces(sample(3 * MIB), MIB)))
      let isClosed = false
      async function* watched(): AsyncIterable<Uint8Array> {
        try {
          yield* pieces(stored, 65_536)
        } finally {
          isClosed = true
        }
      }
      for await (const piece of backward(layer, watched(), WHOLE)) if (piece.length > 0) break
      check(isClosed, 'the stored bytes were left open')
    },
  },
  {
    name: 'finds a range of a value where its window says',
    run: async (layer) => {
      if (layer.window === undefined) return
      const value = sample(300_000)
      const stored = await gather(forward(layer, pieces(value, MIB)))
      for (const [start, end] of [
        [0, 1],
        [65_535, 65_537],
        [131_072, 200_000],
      ] as const) {
        const { stored: part, first } = layer.window({ start, end })
        const extent = { start: part.start, toEnd: part.end >= stored.length }
        const bytes = stored.slice(part.start, part.end)
        const found = await gather(backward(layer, pieces(bytes, MIB), extent))
        const cut = found.slice(start - first, end - first)
        check(isSame(cut, value.slice(start, end)), `the range ${start} to ${end}`)
      }
    },
  },
  {
    name: 'comes to an end on bytes that it never wrote',
    run: async (layer) => {
      const random = seededRandom(1)
      const stored = await gather(forward(layer, pieces(sample(5000), 5000)))
      for (let i = 0; i < 100; i++) {
        const bytes = stored.slice(0, Math.floor(random() * stored.length * 1.2))
        const at = Math.floor(random() * bytes.length)
        if (bytes.length > 0) bytes[at] = Math.floor(random() * 256)
        let size = 0
        try {
          for await (const piece of backward(layer, pieces(bytes, 777), WHOLE)) size += piece.length
        } catch {
          // Refused.
        }
        check(size <= 100 * MIB, 'a few bytes became many')
      }
    },
  },
  {
    name: 'stands in a stack, under its own id and version',
    run: async (layer) => {
      const storage = unwrap(await stack(new MemoryStorage(), layer))
      const value = sample(200_000)
      unwrap(await storage.save('a', { x: 1, value }))
      const loaded = unwrap(await storage.loadCheckpoint('a'))
      check(unwrap(await loaded.get('x')) === 1, 'a small value')
      check(isSame(unwrap(await loaded.getBytes('value')), value), 'a large value')
      await storage.close()
    },
  },
]

/** Half of it compresses; the same every time. */
function sample(length: number): Uint8Array {
  const bytes = noise(length)
  for (let at = 0; at < length; at += 64) bytes.fill(97, at, at + 32)
  return bytes
}

/** Bytes that do not compress; the same every time for one seed. */
function noise(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = length + 1 + seed
  for (let i = 0; i < length; i++) {
    state = (state * 48_271) % 2_147_483_647
    bytes[i] = state >> 8
  }
  return bytes
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** A source that notes how far it is ahead of what came out. */
async function* counted(watched: {
  taken: number
  given: number
  held: number
}): AsyncIterable<Uint8Array> {
  for (let i = 0; i < 64; i++) {
    // None like another, so that what comes out can be held against what went in.
    const piece = noise(MIB / 4, i)
    watched.taken += piece.length
    yield piece
    watched.held = Math.max(watched.held, watched.taken - watched.given)
  }
}

function forward(layer: Layer, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return layer.forward?.(body, ENTRY) ?? body
}

function backward(
  layer: Layer,
  stored: AsyncIterable<Uint8Array>,
  extent: Extent,
): AsyncIterable<Uint8Array> {
  return layer.backward?.(stored, ENTRY, extent) ?? stored
}

async function* pieces(bytes: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

async function gather(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of stream) all.push(piece)
  return concat(all)
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new ContractFailure(message)
}
