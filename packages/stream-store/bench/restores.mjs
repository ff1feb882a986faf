import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { inTurn, row, timeMs } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { openStreamStore } from '../dist/file/index.js'
import { chunksOf, manifestOf } from './workload.mjs'

const MIB = 1024 * 1024
const SIZE = 100 * MIB

/** Verified restore of 100 MiB, against SHA-256 over as many bytes in memory. */
export async function restores(dir) {
  const store = unwrap(await openStreamStore({ dir: `${dir}/restore`, keep: 3 }))
  const chunks = chunksOf(SIZE, 3)
  unwrap(await store.saveWithState(manifestOf(1), chunks))
  const writer = unwrap(store.begin())
  unwrap(await writer.put('large', chunks))
  const { checkpointId } = unwrap(await writer.commit())
  const state = unwrap(await store.openState(checkpointId))
  const whole = new Uint8Array(SIZE)
  mkdirSync(`${dir}/plain`, { recursive: true })
  writeFileSync(`${dir}/plain/state`, whole)
  const times = await inTurn(9, {
    stream: () => timeMs(() => drain(state.stream('large'))),
    array: () => timeMs(async () => unwrap(await store.loadStateData(1n))),
    sha256: () => timeMs(async () => hashPieces(whole)),
    readAndSha256: () => timeMs(() => readAndHash(`${dir}/plain/state`)),
  })
  await state.close()
  await store.close()
  const speed = (ms) => `${((SIZE / MIB / ms) * 1000).toFixed(0)} MiB/s`
  for (const what of ['stream', 'array']) {
    const share = times.sha256 / times[what]
    const figures = `${speed(times[what])} / SHA-256 ${speed(times.sha256)}`
    const target = what === 'stream' ? ['≥ 0.9×', share >= 0.9] : []
    row(`verified restore of 100 MiB, ${what}`, figures, `${share.toFixed(2)}×`, ...target)
  }
  row('  read, then SHA-256, in a plain loop', speed(times.readAndSha256), '')
}

async function drain(stream) {
  let size = 0
  for await (const piece of stream) size += piece.length
  if (size !== SIZE) throw new Error('short')
}

function hashPieces(whole) {
  for (let at = 0; at < SIZE; at += MIB) {
    createHash('sha256')
      .update(whole.subarray(at, at + MIB))
      .digest()
  }
}

async function readAndHash(path) {
  const file = await open(path)
  const piece = new Uint8Array(MIB)
  for (let at = 0; at < SIZE; at += MIB) {
    await file.read(piece, 0, MIB, at)
    createHash('sha256').update(piece).digest()
  }
  await file.close()
}
