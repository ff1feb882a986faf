import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { inTurn, mib, row, timeMs } from '@tidemark/bench-kit'

const SIZE = 100 * 2 ** 20
const PIECE = 2 ** 20

/** 100 MiB through the medium as a stream, against a plain copy loop with the same sync. */
export async function largeBlobs(dir) {
  const store = unwrap(await FileBlobStore.open(`${dir}/large`))
  const piece = new Uint8Array(PIECE).map((_, i) => (i * 31) % 251)
  const before = process.memoryUsage().rss
  let peak = before
  const note = () => (peak = Math.max(peak, process.memoryUsage().rss))
  let n = 0
  let plain = 0
  const write = await inTurn(5, {
    ours: () => timeMs(async () => unwrap(await store.put(`put-${n++}`, pieces(piece, note)))),
    // A fresh file each time, as ours is: writing over one is served from pages that are there.
    plain: () => timeMs(() => plainWrite(`${dir}/plain-${plain++}`, piece)),
  })
  const read = await inTurn(5, {
    ours: () => timeMs(async () => drain(unwrap(await store.get('put-0')).stream(), note)),
    plain: () => timeMs(() => plainRead(`${dir}/plain-0`)),
  })
  for (const [what, figures] of [
    ['put', write],
    ['get', read],
  ]) {
    const ratio = figures.ours / figures.plain
    const both = `${figures.ours.toFixed(0)} ms / plain ${figures.plain.toFixed(0)} ms`
    row(`${what} of ${mib(SIZE)}`, both, `${ratio.toFixed(2)}×`, '≤ 1.25×', ratio <= 1.25)
  }
  const more = peak - before
  row('  more memory', mib(more), '', '≤ 64 MiB', more <= 64 * 2 ** 20)
}

async function* pieces(piece, note) {
  for (let at = 0; at < SIZE; at += PIECE) {
    note()
    yield piece
  }
}

async function drain(stream, note) {
  let size = 0
  for await (const piece of stream) {
    size += piece.length
    note()
  }
  if (size !== SIZE) throw new Error('short')
}

async function plainWrite(path, piece) {
  const file = await open(path, 'w')
  for (let at = 0; at < SIZE; at += PIECE) await file.write(piece, 0, PIECE, at)
  await file.datasync()
  await file.close()
}

async function plainRead(path) {
  let size = 0
  for await (const piece of createReadStream(path, { highWaterMark: PIECE })) size += piece.length
  if (size !== SIZE) throw new Error('short')
}
