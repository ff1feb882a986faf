import {
  isTidemarkError,
  MemoryBlobStore,
  openStorage,
  toHex,
  unwrap,
  type BlobStore,
  type TypedStorage,
} from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { expect, it } from 'vitest'
import { checksum, compress, encrypt, hmac, stack, type Layer } from '../src/index.ts'
import { entryOf, give, giveFrame, snapshot, take } from './support/attacker.ts'
import { inOrder, ringOf } from './support/media.ts'

// Every stored object, spoiled at random: what is read is a typed error or the original, nothing
// else. `pnpm soak wrappers` runs it longer.

const RUNS = Number(process.env['TIDEMARK_FUZZ_RUNS'] ?? 2000)
const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

const ring = ringOf()

interface Stack {
  readonly layers: () => readonly Layer[]
  /** Whether whoever has no key cannot forge: then digests without a key are put right again. */
  readonly isKeyed: boolean
}

const STACKS: readonly Stack[] = [
  { layers: () => [compress()], isKeyed: false },
  { layers: () => [checksum()], isKeyed: false },
  { layers: () => [hmac(ring)], isKeyed: true },
  { layers: () => [encrypt(ring)], isKeyed: true },
  { layers: () => [compress(), encrypt(ring), hmac(ring)], isKeyed: true },
  { layers: () => [compress(), encrypt(ring), checksum(), hmac(ring)], isKeyed: true },
]

interface Scene extends Stack {
  readonly blobs: ReadonlyMap<string, Uint8Array>
  readonly originals: ReadonlySet<string>
}

function open(store: BlobStore, layers: readonly Layer[]): Promise<TypedStorage> {
  const options = { guard: false, keepLast: 9 }
  return unwrap(stack(openStorage(store, options), ...inOrder(layers)))
}

async function sceneOf(one: Stack): Promise<Scene> {
  const store = new MemoryBlobStore()
  const storage = await open(store, one.layers())
  for (const n of [1, 2]) {
    const value = { n, text: 'again and '.repeat(60 * n), big: new Uint8Array(70_000).fill(n) }
    unwrap(await storage.save('one', value, { ifExists: 'replace', metadata: { n } }))
  }
  unwrap(await storage.save('two', { n: 3 }))
  const originals = new Set(await everything(storage))
  return { ...one, blobs: await snapshot(store), originals }
}

/** All that a reader can see, each as a line; refusals as their codes. */
async function everything(storage: TypedStorage): Promise<string[]> {
  const seen: string[] = []
  for (const identifier of ['one', 'two']) {
    for (const generation of [undefined, 1, 2]) {
      const options = generation === undefined ? {} : { generation }
      const loaded = await storage.loadCheckpoint(identifier, options)
      if (!loaded.ok) {
        seen.push(codeOf(loaded.error))
        continue
      }
      const { metadata, keys } = { metadata: loaded.value.metadata, keys: loaded.value.keys() }
      const whole = `${identifier} ${loaded.value.generation}`
      seen.push(
        `${whole} ${loaded.value.committedAt.getTime() > 0} ${JSON.stringify(metadata)} ${keys.join()}`,
      )
      for (const key of keys) {
        const bytes = await loaded.value.getBytes(key)
        seen.push(bytes.ok ? `${whole} ${key} ${summary(bytes.value)}` : codeOf(bytes.error))
        if (key === 'big') continue
        const value = await loaded.value.get(key)
        seen.push(value.ok ? `${whole} ${key} ${JSON.stringify(value.value)}` : codeOf(value.error))
      }
    }
  }
  return seen
}

const TYPED =
  /^(?:CORRUPTED|AUTHENTICATION_FAILED|UNKNOWN_KEY|STACK_MISMATCH|LIMIT_EXCEEDED|DECODE_FAILED|UNSUPPORTED_VERSION|CHECKPOINT_NOT_FOUND)$/

function codeOf(error: unknown): string {
  return isTidemarkError(error) ? error.code : `not typed: ${String(error)}`
}

function summary(bytes: Uint8Array): string {
  return bytes.length > 100
    ? `${bytes.length} ${bytes.every((b) => b === bytes[0])} ${bytes[0]}`
    : toHex(bytes)
}

type Draw = (below: number) => number

/** One to four changes of bytes: bits, values, cuts, growth, moves. */
function spoiled(bytes: Uint8Array, draw: Draw): Uint8Array {
  let out = bytes.slice()
  for (let i = 0; i <= draw(4); i++) {
    const at = draw(Math.max(1, out.length))
    const kind = draw(7)
    if (kind < 2 && at < out.length) out[at] = (out[at] ?? 0) ^ (1 << draw(8))
    else if (kind === 2 && at < out.length) out[at] = draw(256)
    else if (kind === 3) out = out.slice(0, at)
    else if (kind === 4)
      out = Uint8Array.from([...out.subarray(0, at), draw(256), ...out.subarray(at)])
    else if (kind === 5) out.copyWithin(at, draw(Math.max(1, out.length)))
    else if (at < out.length) out.fill(draw(256), at, at + draw(20))
  }
  return out
}

/** Spoils one stored object; with care, if only a key can tell. */
async function spoil(store: BlobStore, scene: Scene, draw: Draw): Promise<string> {
  const keys = [...scene.blobs.keys()]
  const key = keys[draw(keys.length)] ?? ''
  const bytes = scene.blobs.get(key) ?? new Uint8Array()
  const record = /^log\/n-(.*)\.r([0-9]+)$/.exec(key)
  const how = scene.isKeyed && record !== null ? draw(3) : 0
  const seq = Number(record?.[2])
  if (how === 0) {
    const isOther = draw(10) === 0
    const other = scene.blobs.get(keys[draw(keys.length)] ?? '') ?? bytes
    unwrap(await store.put(key, isOther ? other : spoiled(bytes, draw)))
    return `${key}, as it lies`
  }
  if (how === 1) {
    await giveFrame(store, key, seq, spoiled(bytes.subarray(76, bytes.length - 32), draw))
    return `${key}, in a whole frame`
  }
  const taken = await take(store, record?.[1] ?? '', seq)
  const entry = taken.entries[draw(taken.entries.length)]
  if (entry !== undefined) {
    Object.assign(entryOf(taken, entry.key), { bytes: spoiled(entry.bytes, draw) })
  }
  await give(store, record?.[1] ?? '', seq, taken)
  return `${key}, entry ${entry?.key}, every digest right`
}

it(`${RUNS} spoiled objects are refused by name, or read as they were`, async () => {
  const scenes: Scene[] = []
  for (const one of STACKS) scenes.push(await sceneOf(one))
  let refused = 0
  for (let run = 0; run < RUNS; run++) {
    const random = seededRandom(SEED * 1_000_003 + run)
    const draw: Draw = (below) => Math.floor(random() * below)
    const scene = scenes[run % scenes.length]
    if (scene === undefined) continue
    const store = new MemoryBlobStore()
    for (const [key, bytes] of scene.blobs) unwrap(await store.put(key, bytes))
    const what = await spoil(store, scene, draw)
    const told = `seed ${SEED}, run ${run}: ${what}`
    const options = { guard: false, keepLast: 9 }
    const opened = await stack(openStorage(store, options), ...inOrder(scene.layers()))
    const seen = opened.ok ? await everything(opened.value) : [codeOf(opened.error)]
    const strange = seen.filter((line) => !scene.originals.has(line) && !TYPED.test(line))
    expect(strange, told).toEqual([])
    if (seen.some((line) => TYPED.test(line) && line !== 'CHECKPOINT_NOT_FOUND')) refused += 1
  }
  process.stdout.write(`fuzz: ${RUNS} runs, seed ${SEED}, ${refused} refused, 0 violations\n`)
  // Most changes matter: a run that refuses little looks at nothing.
  expect(refused).toBeGreaterThan(RUNS * 0.8)
}, 3_600_000)
