import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { inTurn, row, timeMs } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { openStreamStore } from '../dist/file/index.js'
import { chunksOf, manifestOf } from './workload.mjs'

const MIB = 1024 * 1024
const SIZE = 100 * MIB

/**
 * Verified restore of 100 MiB in a process of its own, as after a restart, against the platform's
 * SHA-256 over the same file, read by the platform in pieces of the same size.
 */
export async function restores(dir) {
  const home = `${dir}/restore`
  const store = unwrap(await openStreamStore({ dir: home, keep: 3 }))
  const chunks = chunksOf(SIZE, 3)
  unwrap(await store.saveWithState(manifestOf(1), chunks))
  const writer = unwrap(store.begin())
  unwrap(await writer.put('large', chunks))
  unwrap(await writer.commit())
  await store.close()
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), home], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (run.status !== 0) process.exitCode = 1
}

async function restoreAfterRestart(home) {
  const store = unwrap(await openStreamStore({ dir: home, mode: 'read' }))
  const state = unwrap(await store.openState(2n))
  const entry = unwrap(await store.inspect()).newest.at(-1)
  const file = `${home}/${entry.blobs[0]}`
  const piece = new Uint8Array(MIB)
  const times = await inTurn(11, {
    stream: () => timeMs(() => drain(state.stream('large'))),
    platform: () => timeMs(() => hashStream(createReadStream(file, { highWaterMark: MIB }))),
    array: () => timeMs(async () => unwrap(await store.loadStateData(1n))),
    usual: () => timeMs(() => hashStream(createReadStream(file))),
    oneBuffer: () => timeMs(() => hashFile(file, piece)),
    memory: () => timeMs(async () => hashPieces(piece)),
  })
  await state.close()
  await store.close()
  const speed = (ms) => `${((SIZE / MIB / ms) * 1000).toFixed(0)} MiB/s`
  const share = times.platform / times.stream
  const figures = `${speed(times.stream)} / platform ${speed(times.platform)}`
  const what = 'verified restore of 100 MiB'
  row(what, figures, `${share.toFixed(2)}×`, '≥ 0.9× SHA-256 of the file', share >= 0.9)
  row('  as one array, one digest over all of it', speed(times.array), '')
  row('  SHA-256 of a file stream, as Node has it', speed(times.usual), '')
  row('  SHA-256 of a file through one buffer', speed(times.oneBuffer), '')
  row('  SHA-256 of the same MiB in memory', speed(times.memory), '')
}

async function drain(stream) {
  let size = 0
  for await (const piece of stream) size += piece.length
  if (size !== SIZE) throw new Error('short')
}

async function hashStream(stream) {
  const hash = createHash('sha256')
  for await (const piece of stream) hash.update(piece)
  hash.digest()
}

async function hashFile(path, piece) {
  const file = await open(path)
  for (let at = 0; at < SIZE; at += MIB) {
    await file.read(piece, 0, MIB, at)
    createHash('sha256').update(piece).digest()
  }
  await file.close()
}

function hashPieces(piece) {
  for (let at = 0; at < SIZE; at += MIB) createHash('sha256').update(piece).digest()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await restoreAfterRestart(process.argv[2])
