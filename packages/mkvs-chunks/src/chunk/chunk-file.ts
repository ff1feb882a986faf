import { hashStream } from '#hash'
import { err, ok, type Result } from '@tidemark/core'
import { byteAt, concatBytes } from '../bytes/bytes.ts'
import { CUT_SHORT, MAX_ELEMENTS, readArgument, readBytes, type Reader } from '../cbor/decode.ts'
import type { Hash } from '../hash/hash.ts'
import type { ProofEntry } from '../proof/proof.ts'
import { unframe, type UnframeError } from '../snappy/frame-reader.ts'
import { frameWriter } from '../snappy/frame-writer.ts'

/** A chunk as it is stored and sent, and the digest that names it. */
export interface ChunkFile {
  readonly bytes: Uint8Array
  /** Hash of the compressed bytes. */
  readonly digest: Hash
}

const NULL = 0xf6
/** What the original also takes for null. */
const UNDEFINED = 0xf7
/** Kinds of CBOR items: the upper three bits of their first byte. */
const BYTE_STRING = 2
const LIST = 4

/** Puts the entries of one proof in a chunk file: CBOR items one after another, Snappy-framed. */
export interface ChunkWriter {
  readonly write: (entry: ProofEntry) => void
  /** Ends the file. Call once. */
  end(): ChunkFile
}

/** Begins a chunk file. */
export function chunkWriter(): ChunkWriter {
  const pieces: Uint8Array[] = []
  const digest = hashStream()
  const writer = frameWriter((piece) => {
    digest.update(piece)
    pieces.push(piece.slice())
  })
  let item = new Uint8Array(256)
  return {
    write: (entry) => {
      const length = itemLength(entry)
      if (length > item.length) item = new Uint8Array(2 * length)
      writeItem(item, entry)
      writer.write(item.subarray(0, length))
    },
    end: () => {
      writer.close()
      return { bytes: concatBytes(pieces), digest: digest.digest() }
    },
  }
}

/** The entries of a chunk file, read one by one. */
export interface ChunkEntries extends Iterable<ProofEntry> {
  /** Why reading stopped before the end, if it did. */
  readonly problem: string | undefined
}

/**
 * Opens a chunk file. The entries are views of its decompressed bytes, which `maxBytes` bounds;
 * `strict` wants every item in its shortest form.
 */
export function openChunk(
  bytes: Uint8Array,
  options: { readonly maxBytes: number; readonly strict: boolean },
): Result<ChunkEntries, UnframeError> {
  const raw = unframe(bytes, options.maxBytes)
  if (!raw.ok) return raw
  const unframed = raw.value
  let problem: string | undefined
  const read = options.strict ? strictItem : lenientItem
  function* entries(): Iterator<ProofEntry> {
    const reader = { bytes: unframed, at: 0 }
    for (let count = 0; reader.at < reader.bytes.length; count++) {
      const entry = count < MAX_ELEMENTS ? read(reader) : err('too many entries')
      if (!entry.ok) {
        problem = entry.error
        return
      }
      if (entry.value === 'end') return
      yield entry.value
    }
  }
  return ok({
    [Symbol.iterator]: entries,
    get problem() {
      return problem
    },
  })
}

/** The next item: one byte string or null, in its shortest form. */
function strictItem(reader: Reader): Result<ProofEntry, string> {
  const { bytes, at } = reader
  const first = byteAt(bytes, at)
  if (first === NULL) {
    reader.at++
    return ok(undefined)
  }
  const size = first === 0x58 ? 1 : first === 0x59 ? 2 : first === 0x5a ? 4 : 0
  if (size === 0 && (first < 0x40 || first > 0x57)) return err('an entry of another kind')
  let length = size === 0 ? first - 0x40 : 0
  for (let i = 1; i <= size; i++) length = length * 256 + byteAt(bytes, at + i)
  if (headLength(length) !== 1 + size) return err('an entry with a long head')
  const start = at + 1 + size
  if (length > bytes.length - start) return err('an entry cut short')
  reader.at = start + length
  return ok(bytes.subarray(start, start + length))
}

/** As the original reads: also `f7`, long heads, lists of small integers, and a cut-off end. */
function lenientItem(reader: Reader): Result<ProofEntry | 'end', string> {
  const first = byteAt(reader.bytes, reader.at)
  if (first === NULL || first === UNDEFINED) {
    reader.at++
    return ok(undefined)
  }
  const kind = first >>> 5
  if (kind !== BYTE_STRING && kind !== LIST) return err('an entry of another kind')
  const length = readArgument(reader)
  const entry = !length.ok
    ? length
    : kind === BYTE_STRING
      ? readBytes(reader, length.value)
      : readByteList(reader, length.value)
  return entry.ok || entry.error !== CUT_SHORT ? entry : ok('end')
}

/** A list of integers below 256, of which no more is kept than bytes. */
function readByteList(reader: Reader, length: bigint): Result<Uint8Array, string> {
  if (length > MAX_ELEMENTS) return err('too many elements')
  if (length > reader.bytes.length - reader.at) return err(CUT_SHORT)
  const bytes = new Uint8Array(Number(length))
  for (let i = 0; i < bytes.length; i++) {
    if (byteAt(reader.bytes, reader.at) >>> 5 !== 0) return err('an entry of another kind')
    const item = readArgument(reader)
    if (!item.ok) return item
    if (item.value > 0xffn) return err('an entry of another kind')
    bytes[i] = Number(item.value)
  }
  return ok(bytes)
}

function itemLength(entry: ProofEntry): number {
  return entry === undefined ? 1 : headLength(entry.length) + entry.length
}

function headLength(length: number): number {
  return length < 24 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5
}

/** One entry as a CBOR byte string with the shortest head, or null. */
function writeItem(out: Uint8Array, entry: ProofEntry): void {
  if (entry === undefined) {
    out[0] = NULL
    return
  }
  const head = headLength(entry.length)
  if (head === 1) out[0] = 0x40 | entry.length
  else out[0] = head === 2 ? 0x58 : head === 3 ? 0x59 : 0x5a
  for (let i = 1; i < head; i++) out[i] = (entry.length >>> (8 * (head - 1 - i))) & 0xff
  out.set(entry, head)
}
