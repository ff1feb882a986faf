import { StringDecoder } from 'node:string_decoder'
import { strataError } from '../errors.ts'

/** The longest field or header line: a path quoted twice is far below it, content never counts. */
export const MAX_FIELD_BYTES: number = 1 << 20

const LINE_FEED = 0x0a
const BACKSLASH = 0x5c

/**
 * Pulls a stream of bytes apart, piece by piece, holding no more than one chunk and one field.
 *
 * Every call throws the stream's own error; a field longer than {@link MAX_FIELD_BYTES} or an end
 * in the middle of one throws `GIT_OUTPUT_UNKNOWN`.
 */
export class ByteInput {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array()
  #position = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next byte, left where it is; `undefined` at the end of the stream. */
  async peek(): Promise<number | undefined> {
    return this.#position < this.#chunk.length || (await this.#refill())
      ? this.#chunk[this.#position]
      : undefined
  }

  /** The bytes up to the next `delimiter`, which is taken too. Valid until the next call. */
  async until(delimiter: number): Promise<Uint8Array> {
    const end = this.#chunk.indexOf(delimiter, this.#position)
    if (end < 0) return this.#untilAcrossChunks(delimiter)
    const field = this.#chunk.subarray(this.#position, end)
    this.#position = end + 1
    return field
  }

  /**
   * Steps over the lines of a hunk, however long. Git's remark `\ No newline at end of file` is
   * no line of the hunk.
   */
  async skipHunkLines(count: number): Promise<void> {
    let atStart = true
    for (let left = count; left > 0;) {
      if (this.#position >= this.#chunk.length && !(await this.#refill())) throw endedEarly()
      if (atStart && this.#chunk[this.#position] === BACKSLASH) left += 1
      const end = this.#chunk.indexOf(LINE_FEED, this.#position)
      atStart = end >= 0
      this.#position = atStart ? end + 1 : this.#chunk.length
      if (atStart) left -= 1
    }
  }

  /** Takes exactly `count` bytes and shows them to `visit`, part by part. */
  async take(count: number, visit: (part: Uint8Array) => void): Promise<void> {
    for (let left = count; left > 0;) {
      if (this.#position >= this.#chunk.length && !(await this.#refill())) throw endedEarly()
      const part = this.#chunk.subarray(this.#position, this.#position + left)
      visit(part)
      this.#position += part.length
      left -= part.length
    }
  }

  /** Gives the stream up; what feeds it is told. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }

  async #untilAcrossChunks(delimiter: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let sizeBytes = 0
    for (;;) {
      const end = this.#chunk.indexOf(delimiter, this.#position)
      const part = this.#chunk.subarray(this.#position, end < 0 ? undefined : end)
      this.#position = end < 0 ? this.#chunk.length : end + 1
      parts.push(part)
      sizeBytes += part.length
      if (sizeBytes > MAX_FIELD_BYTES) throw unknownOutput('a field of less than 1 MiB')
      if (end >= 0) return concat(parts, sizeBytes)
      if (!(await this.#refill())) throw endedEarly()
    }
  }

  async #refill(): Promise<boolean> {
    do {
      const next = await this.#chunks.next()
      if (next.done === true) return false
      this.#chunk = next.value
      this.#position = 0
    } while (this.#chunk.length === 0)
    return true
  }
}

/** One character per byte, so that a path keeps its bytes whatever its encoding. */
export function latin1(bytes: Uint8Array): string {
  return LATIN1.write(bytes)
}

/** Holds nothing back from one call to the next: each byte is a character. */
const LATIN1 = new StringDecoder('latin1')

/** The error for output that is not of the form that was asked for. */
export function unknownOutput(expected: string): Error {
  const message = `git wrote something unexpected: ${expected} was due here`
  return strataError('GIT_OUTPUT_UNKNOWN', message, { expected })
}

function endedEarly(): Error {
  return unknownOutput('more output')
}

function concat(parts: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const all = new Uint8Array(sizeBytes)
  let position = 0
  for (const part of parts) {
    all.set(part, position)
    position += part.length
  }
  return all
}
