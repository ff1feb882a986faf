// A process of its own, whose memory nothing else has touched: restores a chunk made to fill it,
// and prints what was answered and by how much the process grew.
//   nodes   a million tiny nodes, right in everything but their root
//   lists   one entry that is a list of eight million lists, read with leniency
import { hash } from '#hash'
import { concatBytes } from '../../src/bytes/bytes.ts'
import { frameWriter } from '../../src/snappy/frame-writer.ts'
import { unwrap } from '@tidemark/core'
import { chunkWriter, type ChunkFile } from '../../src/chunk/chunk-file.ts'
import { MemoryNodeStore, newRestorer, openNodeDb, testNamespace } from '../../src/index.ts'

interface HostileChunk extends ChunkFile {
  readonly rawBytes: number
}

/** A million leaves. */
const LEVELS = 20

const isNodes = process.argv[2] === 'nodes'
const { digest, bytes, rawBytes } = isNodes ? fullTree() : listOfLists()
const namespace = testNamespace('hostile')
const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
unwrap(await db.startMultipartInsert(1n))
const root = { namespace, version: 1n, type: 1, hash: new Uint8Array(32).fill(7) }
const restorer = newRestorer({ db, strict: isNodes })
unwrap(await restorer.startRestore({ version: 1, root, chunks: [digest] }))
const before = process.resourceUsage().maxRSS
const result = await restorer.restoreChunk(0, bytes)
const grownBytes = (process.resourceUsage().maxRSS - before) * 1024
const said = result.ok ? 'ok' : result.error.message
process.stdout.write(`${said}\t${grownBytes}\t${rawBytes}\n`)

/** All keys of three bytes whose first bits are any, without values, as a proof in pre-order. */
function fullTree(): HostileChunk {
  const writer = chunkWriter()
  let rawBytes = 0
  const write = (...entry: readonly number[]): void => {
    rawBytes += 1 + entry.length
    writer.write(Uint8Array.from(entry))
  }
  const visit = (level: number, bits: number): void => {
    if (level === LEVELS) {
      write(1, 0, 3, 0, bits >>> 16, (bits >>> 8) & 0xff, bits & 0xff, 0, 0, 0, 0)
      return
    }
    const branch = (bits >>> (24 - level)) & 1
    if (level === 0) write(1, 1, 0, 0, 2)
    else write(1, 1, 1, 0, branch << 7, 2)
    visit(level + 1, bits)
    visit(level + 1, bits | (1 << (23 - level)))
  }
  visit(0, 0)
  return { ...writer.end(), rawBytes }
}

function listOfLists(): HostileChunk {
  const raw = new Uint8Array(5 + 8_000_000).fill(0x80)
  raw.set([0x9a, 0x00, 0x7a, 0x12, 0x00])
  const pieces: Uint8Array[] = []
  const writer = frameWriter((piece) => void pieces.push(piece.slice()))
  writer.write(raw)
  writer.close()
  const file = concatBytes(pieces)
  return { bytes: file, digest: hash(file), rawBytes: raw.length }
}
