import { sha256 } from '#digest'
import { concatBytes, toHex } from '../bytes.ts'

const utf8 = new TextEncoder()

/** A chain over lines: each link is SHA-256 of the link before and the line. */
export class TransferDigest {
  #link: Uint8Array = new Uint8Array(32)

  /** Adds a line. */
  add(line: string): void {
    this.#link = sha256(concatBytes([this.#link, utf8.encode(line)]))
  }

  /** The last link, 64 lower-case hex digits. */
  hex(): string {
    return toHex(this.#link)
  }
}
