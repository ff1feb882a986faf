import { chunkCipher } from '#cipher'
import { concat, inPieces, unwrap } from '@tidemark/core'
import { TAG_BYTES } from '../cipher/cipher.ts'
import type { EntryContext, Extent, Layer } from '../layer.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { forged } from '../refusal.ts'
import { keyedSeal } from '../seal/keyed-seal.ts'
import type { KeyedOptions } from './hmac.ts'

const ID = 'aes-256-gcm'

/** What is authenticated before any of it is handed out, and what is held in memory. */
const CHUNK_BYTES: number = 64 * 1024
const SEALED_BYTES: number = CHUNK_BYTES + TAG_BYTES
const NONCE_BYTES = 12

/** The counter in the nonce is 32 bits: an entry of 256 TiB. */
const MAX_CHUNKS = 2 ** 32

const utf8 = new TextEncoder()

/**
 * Encrypts every value with AES-256-GCM, in chunks of 64 KiB under a key of its own, so that values
 * larger than memory stream and no byte leaves before it is authenticated.
 *
 * Nothing can be changed, moved, reordered, cut or put in elsewhere: `AUTHENTICATION_FAILED`. The
 * list of keys, the metadata and the generation are sealed, too, but not hidden: names of
 * checkpoints and entries, metadata and sizes can be read by whoever can read the medium.
 *
 * @example
 * import { MemoryStorage, randomBytes, unwrap } from '@tidemark/core'
 * import { encrypt, keyRing, stack } from '@tidemark/wrappers'
 *
 * const ring = unwrap(keyRing({ active: { id: '2026', secret: randomBytes(32) } }))
 * const storage = unwrap(await stack(new MemoryStorage(), encrypt(ring)))
 * unwrap(await storage.save('settings', { token: 'secret' })).generation // => 1
 */
export function encrypt(ring: KeyRing, { namespace = '' }: KeyedOptions = {}): Layer<'encrypt'> {
  const seal = keyedSeal({ layer: ID, ring, purpose: 'ckpt/enc/seal/v1', namespace })
  return {
    kind: 'encrypt',
    id: ID,
    version: 1,
    readsOnce: true,
    ...seal,
    forward: (body, entry) => encryptChunks(body, entryKey(ring, namespace, entry)),
    backward: (stored, entry, extent) =>
      decryptChunks(stored, entryKey(ring, namespace, entry), entry, extent),
    window: ({ start, end }) => {
      const [first, last] = [Math.floor(start / CHUNK_BYTES), Math.ceil(end / CHUNK_BYTES)]
      const stored = { start: first * SEALED_BYTES, end: last * SEALED_BYTES }
      return { stored, first: first * CHUNK_BYTES }
    },
  }
}

/** The key of one entry, and what is authenticated with each of its chunks. */
interface EntryKey {
  readonly key: Uint8Array
  readonly associated: Uint8Array
}

/** The salt is new for each put, so no two chunks ever share a key and a nonce. */
function entryKey(ring: KeyRing, namespace: string, entry: EntryContext): EntryKey {
  const keyId = entry.seal?.['key'] ?? ring.activeId
  if (typeof keyId !== 'string') throw forged(ID, entry, 'its seal names no key')
  const purpose = ['ckpt/enc/entry/v1', namespace, entry.identifier, entry.key]
  const key = unwrap(ring.subKey(keyId, lengthPrefixed(purpose), entry.salt))
  return { key, associated: lengthPrefixed(['ckpt-chunk-v1', keyId]) }
}

function lengthPrefixed(texts: readonly string[]): Uint8Array {
  return concat(
    texts.flatMap((text) => {
      const bytes = utf8.encode(text)
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, bytes.length)
      return [length, bytes]
    }),
  )
}

/** The number of the chunk, and whether it is the last: none can be moved, dropped or added. */
function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  const view = new DataView(nonce.buffer)
  view.setUint32(NONCE_BYTES - 5, index)
  view.setUint8(NONCE_BYTES - 1, isLast ? 1 : 0)
  return nonce
}

async function* encryptChunks(
  body: AsyncIterable<Uint8Array>,
  { key, associated }: EntryKey,
): AsyncIterable<Uint8Array> {
  let index = 0
  for await (const { bytes, isLast } of withLast(inPieces(body, CHUNK_BYTES, { isOwned: true }))) {
    const nonce = nonceOf(index, isLast)
    yield* await chunkCipher.encrypt({ key, associated, bytes, nonce })
    index += 1
    if (index === MAX_CHUNKS) throw new RangeError('an entry of more than 256 TiB')
  }
}

async function* decryptChunks(
  stored: AsyncIterable<Uint8Array>,
  { key, associated }: EntryKey,
  entry: EntryContext,
  { start, toEnd }: Extent,
): AsyncIterable<Uint8Array> {
  let index = start / SEALED_BYTES
  for await (const { bytes, isLast } of withLast(
    inPieces(stored, SEALED_BYTES, { isOwned: true }),
  )) {
    const nonce = nonceOf(index, isLast && toEnd)
    const plain = await chunkCipher.decrypt({ key, associated, bytes, nonce })
    if (plain === undefined) throw forged(ID, entry, `chunk ${index} is not authentic`)
    yield plain
    index += 1
  }
}

/** Pieces, each with whether it is the last. Of nothing there is one, empty. */
async function* withLast(
  pieces: AsyncIterable<Uint8Array>,
): AsyncIterable<{ readonly bytes: Uint8Array; readonly isLast: boolean }> {
  let held: Uint8Array | undefined
  for await (const piece of pieces) {
    if (held !== undefined) yield { bytes: held, isLast: false }
    held = piece
  }
  yield { bytes: held ?? new Uint8Array(), isLast: true }
}
