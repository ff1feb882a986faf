import { coreError, type CoreError } from '@tidemark/core'

/**
 * Writes numbers and text as bytes. A whole number takes seven bits per byte, lowest first, a set
 * high bit meaning that more follow; a number that may be negative is folded to 0, -1, 1, -2, 2 …;
 * text is its length and then one byte per character.
 */
export class VarintWriter {
  #bytes: Uint8Array
  #length = 0

  /** Begins with room for so many bytes; there can be any number of them. */
  constructor(roomBytes: number = 64 * 1024) {
    this.#bytes = new Uint8Array(roomBytes)
  }

  /** A whole number from 0 to `Number.MAX_SAFE_INTEGER`. */
  whole(value: number): void {
    if (this.#length + 8 > this.#bytes.length) this.#grow(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length] = (rest % 0x80) | 0x80
      this.#length += 1
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length] = rest
    this.#length += 1
  }

  /** A number that may be negative. */
  signed(value: number): void {
    this.whole(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Text whose characters are all below 256. */
  text(value: string): void {
    this.whole(value.length)
    if (this.#length + value.length > this.#bytes.length) this.#grow(value.length)
    for (let i = 0; i < value.length; i += 1) this.#bytes[this.#length + i] = value.charCodeAt(i)
    this.#length += value.length
  }

  /** What was written so far: a part of the room, so it is the last that is asked. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(by: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + by))
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}

/** Reads what {@link VarintWriter} wrote. Throws `CORRUPTED` for what it cannot have written. */
export class VarintReader {
  readonly #bytes: Uint8Array
  readonly #what: string
  #position = 0

  /** `what` it is, for errors. */
  constructor(bytes: Uint8Array, what: string = 'state') {
    this.#bytes = bytes
    this.#what = what
  }

  whole(): number {
    let value = 0
    for (let unit = 1; ; unit *= 0x80) {
      const byte = this.#bytes[this.#position]
      if (byte === undefined) throw this.#damaged('it ends early')
      this.#position += 1
      value += (byte % 0x80) * unit
      if (value > Number.MAX_SAFE_INTEGER) throw this.#damaged('a number is too large')
      if (byte >= 0x80) continue
      // Each number has one form only, so that equal states have equal bytes.
      if (byte === 0 && unit > 1) throw this.#damaged('a number is longer than it needs to be')
      return value
    }
  }

  signed(): number {
    const folded = this.whole()
    return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2
  }

  text(): string {
    const length = this.count(1)
    const bytes = this.#bytes.subarray(this.#position, this.#position + length)
    this.#position += length
    return String.fromCharCode(...bytes)
  }

  /** How many things follow. More than the bytes left can hold is refused before it is made room for. */
  count(bytesEach: number): number {
    const value = this.whole()
    if (value * bytesEach > this.#bytes.length - this.#position)
      throw this.#damaged('it ends early')
    return value
  }

  end(): void {
    if (this.#position < this.#bytes.length) throw this.#damaged('there is more after its end')
  }

  #damaged(reason: string): CoreError<'CORRUPTED'> {
    return damaged(reason, this.#what)
  }
}

/** The error for stored bytes that are no state, or not what else they should be. */
export function damaged(reason: string, what: string = 'state'): CoreError<'CORRUPTED'> {
  return coreError('CORRUPTED', `the saved ${what} is damaged: ${reason}`, { what, reason })
}
