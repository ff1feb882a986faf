// Each layer alone, forward and backward, beside the platform's own call on the same bytes.
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import { inPieces, unwrap } from '@tidemark/core'
import { compress, encrypt, hmac, keyRing, checksum } from '@tidemark/wrappers'
import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'
import { Pipeline } from '../dist/stack/pipeline.js'

const [pack, unpack] = [promisify(gzip), promisify(gunzip)]
const ring = unwrap(keyRing({ active: { id: 'k', secret: randomBytes(32) } }))
const key = randomBytes(32)

const SIZES = [100, 10 * 1024, 64 * 1024, 2 ** 20, 100 * 2 ** 20]

/** From here on a layer costs at most so much more than the platform alone. */
const FROM = 64 * 1024
const TARGET = 1.3

/** In such pieces a medium gives back what it stores. */
const MEDIUM_PIECE_BYTES = 2 ** 20

/** Half of it compresses. */
function sample(size) {
  const bytes = randomBytes(size)
  for (let at = 0; at < size; at += 512) bytes.fill(97, at, Math.min(size, at + 256))
  return new Uint8Array(bytes.buffer, bytes.byteOffset, size)
}

const PLATFORM = {
  checksum: {
    write: (bytes) => createHash('sha256').update(bytes).digest(),
    read: (bytes) => createHash('sha256').update(bytes).digest(),
  },
  hmac: {
    write: (bytes) => createHmac('sha256', key).update(bytes).digest(),
    read: (bytes) => createHmac('sha256', key).update(bytes).digest(),
  },
  encrypt: {
    write: (bytes) => {
      const cipher = createCipheriv('aes-256-gcm', key, new Uint8Array(12))
      const sealed = [cipher.update(bytes), cipher.final(), cipher.getAuthTag()]
      return sealed
    },
    read: (_, [body, , tag]) => {
      const decipher = createDecipheriv('aes-256-gcm', key, new Uint8Array(12))
      decipher.setAuthTag(tag)
      return [decipher.update(body), decipher.final()]
    },
  },
  compress: { write: (bytes) => pack(bytes), read: (_, packed) => unpack(packed) },
}

const LAYERS = {
  checksum: checksum(),
  hmac: hmac(ring),
  encrypt: encrypt(ring),
  compress: compress(),
}

export async function layers() {
  for (const size of SIZES) {
    const bytes = sample(size)
    const calls = Math.max(1, Math.min(200, Math.floor((4 * 2 ** 20) / size)))
    const rounds = size > 2 ** 24 ? 5 : 15
    for (const [name, layer] of Object.entries(LAYERS)) {
      await both(name, layer, bytes, calls, rounds)
    }
  }
}

async function both(name, layer, bytes, calls, rounds) {
  const pipeline = new Pipeline([layer])
  const written = await forward(pipeline, bytes)
  const packed = await PLATFORM[name].write(bytes)
  const many = async (call) => (await timeMs(() => repeat(calls, call))) / calls
  const times = await inTurn(rounds, {
    // As a medium takes it: each piece is let go of.
    write: () => many(() => drained(pipeline, bytes)),
    platformWrite: () => many(() => PLATFORM[name].write(bytes)),
    read: () => many(() => backward(pipeline, written)),
    platformRead: () => many(() => PLATFORM[name].read(bytes, packed)),
  })
  report(`${name}, write`, bytes.length, times.write, times.platformWrite)
  report(`${name}, read`, bytes.length, times.read, times.platformRead)
}

async function repeat(calls, call) {
  for (let i = 0; i < calls; i++) await call()
}

function report(what, size, ours, platform) {
  const ratio = ours / platform
  const figures = `ours ${us(ours)}, platform ${us(platform)}`
  const target = size >= FROM ? [`≤ ${TARGET}×`, ratio <= TARGET] : []
  row(`${what}, ${sizeOf(size)}`, figures, `${ratio.toFixed(2)}×`, ...target)
}

function sizeOf(size) {
  if (size < 1024) return `${size} B`
  return size < 2 ** 20 ? `${size / 1024} KiB` : `${size / 2 ** 20} MiB`
}

async function drained(pipeline, bytes) {
  let size = 0
  for await (const piece of pipeline.forward('bench', 'x', bytes).stored) size += piece.length
  return size
}

async function forward(pipeline, bytes) {
  const passage = pipeline.forward('bench', 'x', bytes)
  const pieces = []
  for await (const piece of inPieces(passage.stored, MEDIUM_PIECE_BYTES)) pieces.push(piece)
  return { pieces, record: passage.record() }
}

async function backward(pipeline, { pieces, record }) {
  const storedBytes = pieces.reduce((sum, piece) => sum + piece.length, 0)
  const lying = {
    ...record,
    identifier: 'bench',
    key: 'x',
    storedBytes,
    seals: {},
    open: async function* () {
      yield* pieces
    },
  }
  let size = 0
  for await (const piece of pipeline.backward(lying, { start: 0, end: record.sizeBytes })) {
    size += piece.length
  }
  if (size !== record.sizeBytes) throw new Error('short')
}
