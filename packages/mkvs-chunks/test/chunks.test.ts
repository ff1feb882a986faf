import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { withByte } from './support/harness.ts'
import { toHex } from '../src/bytes/bytes.ts'
import { hash } from '#hash'
import { chunkWriter, openChunk, type ChunkFile } from '../src/chunk/chunk-file.ts'
import { chunkerOf } from '../src/chunk/chunker.ts'
import { encodedHash, encodeMetadata } from '../src/record/metadata.ts'
import { unframe } from '../src/snappy/frame-reader.ts'
import { frameWriter } from '../src/snappy/frame-writer.ts'
import { concatBytes } from '../src/bytes/bytes.ts'
import { Tree } from '../src/tree/tree.ts'
import type { Pointer } from '../src/tree/node.ts'
import { base64, hex, stream, treeOf, utf8, vectors, type Dataset } from './support/vectors.ts'

interface Writes {
  readonly writesBase64?: readonly string[]
  readonly writes?: readonly {
    readonly repeatUtf8?: string
    readonly times?: number
    readonly stream?: string
    readonly length?: number
    readonly linesTemplate?: string
    readonly count?: number
  }[]
}

function writesOf({ writesBase64, writes }: Writes): Uint8Array[] {
  if (writesBase64 !== undefined) return writesBase64.map(base64)
  return (writes ?? []).flatMap((w) => {
    if (w.repeatUtf8 !== undefined) return [utf8(w.repeatUtf8.repeat(w.times ?? 0))]
    if (w.stream !== undefined) return [stream(w.stream, w.length ?? 0)]
    const lines = Array.from({ length: w.count ?? 0 }, (_, i) =>
      (w.linesTemplate ?? '').replaceAll('{i}', `${i}`),
    )
    return [utf8(lines.join(''))]
  })
}

describe('snappy', () => {
  const { cases } = vectors<{
    cases: readonly {
      readonly name: string
      readonly input: Writes
      readonly output?: string
      readonly outputDigest: string
      readonly outputLength: number
    }[]
  }>('snappy.json')

  test.each(cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const pieces: Uint8Array[] = []
    const writer = frameWriter((piece) => void pieces.push(piece.slice()))
    const writes = writesOf(c.input)
    for (const bytes of writes) writer.write(bytes)
    writer.close()
    const output = concatBytes(pieces)
    expect(output.length).toBe(c.outputLength)
    expect(toHex(hash(output))).toBe(c.outputDigest)
    if (c.output !== undefined) expect(output).toEqual(base64(c.output))
    expect(toHex(unwrap(unframe(output, 1 << 20)))).toBe(toHex(concatBytes(writes)))
  })

  test('a damaged stream is refused and never throws', () => {
    const pieces: Uint8Array[] = []
    const writer = frameWriter((piece) => void pieces.push(piece.slice()))
    writer.write(utf8('abcabcabcabcabcabc 12345678901234567890'.repeat(3)))
    writer.close()
    const good = concatBytes(pieces)
    for (let i = 0; i < good.length; i++) {
      expect(unframe(good.subarray(0, i), 1000).ok).toBe(i === 0 || i === 10)
      for (const flip of [0x01, 0x80, 0xff]) {
        const result = unframe(withByte(good, i, (good[i] ?? 0) ^ flip), 1000)
        if (result.ok) expect(result.value.length).toBe(0)
      }
    }
    const limited = unframe(good, 10)
    expect(limited.ok ? '' : limited.error.kind).toBe('too-long')
  })
})

const NONE = new Uint8Array(0)

function chunksOf(tree: Tree, chunkSize: number, threads: number): ChunkFile[] {
  return unwrap(
    tree.walk(function* (root: Pointer | undefined) {
      const chunker = chunkerOf(root, { chunkSize, threads })
      const files: ChunkFile[] = []
      for (;;) {
        const file = chunkWriter()
        if (!(yield* chunker.next(file.write))) return files
        files.push(file.end())
      }
    }),
  )
}

interface CheckpointCase {
  readonly dataset: string
  readonly chunkSize: number
  readonly chunkerThreads: number
  readonly numChunks?: number
  readonly digests?: readonly string[]
  readonly chunks?: readonly string[]
  readonly chunkLengths?: readonly number[]
  readonly encodedHash?: string
  readonly metadataCbor?: string
}

describe('checkpoints equal the original byte for byte', () => {
  const { namespace, upstream, oracle } = vectors<{
    namespace: string
    upstream: readonly CheckpointCase[]
    oracle: readonly CheckpointCase[]
  }>('checkpoints.json')
  const { oracle: datasets } = vectors<{ oracle: Record<string, Dataset> }>('roots.json')
  const cases = [...upstream, ...oracle]

  test.each(
    cases.map(
      (c) => [`${c.dataset}, ${c.chunkSize} bytes, ${c.chunkerThreads} threads`, c] as const,
    ),
  )('%s', (_, c) => {
    const dataset = datasets[c.dataset]
    if (dataset === undefined) throw new TypeError(`no dataset ${c.dataset}`)
    const tree = treeOf(dataset)
    const files = chunksOf(tree, c.chunkSize, c.chunkerThreads)
    if (c.numChunks !== undefined) expect(files.length).toBe(c.numChunks)
    if (c.digests !== undefined) expect(files.map((f) => toHex(f.digest))).toEqual(c.digests)
    if (c.chunkLengths !== undefined) {
      expect(files.map((f) => f.bytes.length)).toEqual(c.chunkLengths)
    }
    c.chunks?.forEach((chunk, i) =>
      expect(toHex(files[i]?.bytes ?? NONE)).toBe(toHex(base64(chunk))),
    )
    const metadata = {
      version: 1,
      root: { namespace: hex(namespace), version: 1n, type: 1, hash: tree.rootHash() },
      chunks: files.map((f) => f.digest),
    }
    if (c.metadataCbor !== undefined) expect(toHex(encodeMetadata(metadata))).toBe(c.metadataCbor)
    if (c.encodedHash !== undefined) expect(toHex(encodedHash(metadata))).toBe(c.encodedHash)
    for (const file of files) {
      const entries = unwrap(openChunk(file.bytes, { maxBytes: 1 << 24, strict: true }))
      const again = chunkWriter()
      for (const entry of entries) again.write(entry)
      expect(toHex(again.end().digest)).toBe(toHex(file.digest))
    }
  })

  test('the regression tree of 1000 random inserts', () => {
    const regression = vectors<{
      inserts: readonly (readonly [string, string])[]
      root: string
      checkpoints: readonly (CheckpointCase & { firstDigest: string; lastDigest: string })[]
    }>('regression-1000.json')
    const tree = new Tree()
    for (const [key, value] of regression.inserts) unwrap(tree.insert(base64(key), base64(value)))
    expect(toHex(tree.rootHash())).toBe(regression.root)
    for (const c of regression.checkpoints) {
      const files = chunksOf(tree, c.chunkSize, c.chunkerThreads)
      expect(files.length).toBe(c.numChunks)
      expect(toHex(files[0]?.digest ?? NONE)).toBe(c.firstDigest)
      expect(toHex(files.at(-1)?.digest ?? NONE)).toBe(c.lastDigest)
    }
  })
})
