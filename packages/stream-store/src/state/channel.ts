/**
 * Hands pieces from one side to the other, one at a time: `send` resolves when the other side asks
 * for the next, so neither runs ahead. What the medium reads, the source was asked for.
 */
export class Channel implements AsyncIterable<Uint8Array> {
  #ready: Uint8Array | undefined
  #ended = false
  #failure: Error | undefined
  #onReady: (() => void) | undefined
  #onTaken: (() => void) | undefined

  /** Resolves when the piece was taken and the next is wanted, or nobody reads any more. */
  async send(piece: Uint8Array): Promise<void> {
    if (this.#ended) return
    this.#ready = piece
    this.#onReady?.()
    await new Promise<void>((resolve) => {
      this.#onTaken = resolve
    })
  }

  /** No piece follows. */
  end(): void {
    this.#ended = true
    this.#onReady?.()
    this.#onTaken?.()
  }

  /** The reader gets this error instead of another piece. */
  fail(error: Error): void {
    this.#failure = error
    this.end()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array, void> {
    try {
      for (;;) {
        if (this.#failure !== undefined) throw this.#failure
        const piece = this.#ready
        if (piece !== undefined) {
          this.#ready = undefined
          yield piece
          this.#onTaken?.()
        } else if (this.#ended) return
        else {
          await new Promise<void>((resolve) => {
            this.#onReady = resolve
          })
        }
      }
    } finally {
      this.end()
    }
  }
}
