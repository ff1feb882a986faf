import type { BlobStore } from '@tidemark/core'

/** Draws from 0 to 1, the same for the same seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Runs several actors, of which one at a time may go on, whenever they ask the medium. */
export class Stage {
  readonly #waiting = new Map<string, () => void>()
  readonly #random: () => number
  #running = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** The medium as one actor sees it: every call waits for its turn. */
  view(actor: string, medium: BlobStore): BlobStore {
    const turn = () =>
      new Promise<void>((resolve) => {
        this.#waiting.set(`${actor}#${this.#waiting.size}-${this.#random()}`, resolve)
      })
    return {
      supports: medium.supports,
      put: async (...call) => (await turn(), medium.put(...call)),
      putMany: async (...call) => (await turn(), medium.putMany(...call)),
      get: async (...call) => (await turn(), medium.get(...call)),
      head: async (...call) => (await turn(), medium.head(...call)),
      list: async function* (options) {
        await turn()
        yield* medium.list(options)
      },
      delete: async (...call) => (await turn(), medium.delete(...call)),
      close: async () => undefined,
      [Symbol.asyncDispose]: async () => undefined,
    }
  }

  /** Adds an actor; it begins at once and stops at its first call. */
  add(work: () => Promise<void>): Promise<void> {
    this.#running += 1
    return work().finally(() => {
      this.#running -= 1
    })
  }

  /** Lets the actors go on in an order drawn by seed, until all are done. */
  async play(): Promise<void> {
    let favourite = ''
    while (this.#running > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      const names = [...this.#waiting.keys()].sort()
      if (names.length === 0) continue
      // One actor often runs for long while another sleeps: that is when zombies are made.
      if (this.#random() < 0.1) {
        const drawn = names[Math.floor(this.#random() * names.length)] ?? ''
        favourite = drawn.slice(0, drawn.indexOf('#'))
      }
      const mine = names.filter((name) => name.startsWith(`${favourite}#`))
      const choices = mine.length > 0 ? mine : names
      const chosen = choices[Math.floor(this.#random() * choices.length)] ?? ''
      const go = this.#waiting.get(chosen)
      this.#waiting.delete(chosen)
      go?.()
    }
  }
}
