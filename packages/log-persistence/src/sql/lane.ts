/** Something that waits in a lane. */
export interface LaneItem {
  /** Two items of one `slot` never travel together. */
  readonly slot: string | undefined
  readonly sizeBytes: number
}

/** So much travels together. */
const MAX_ITEMS = 256
const MAX_BYTES = 4 * 1024 * 1024

/**
 * Carries items in groups, one group at a time: what is asked for while one is on its way goes with
 * the next. So one caller waits for nobody, and a thousand callers share a few statements.
 */
export class Lane<Item extends LaneItem> {
  readonly #carry: (items: readonly Item[]) => Promise<void>
  #waiting: Item[] = []
  #isRunning = false

  constructor(carry: (items: readonly Item[]) => Promise<void>) {
    this.#carry = carry
  }

  /** Asks for an item to be carried. */
  add(item: Item): void {
    this.#waiting.push(item)
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    // Until everybody who is about to ask in this turn has asked.
    await Promise.resolve()
    while (this.#waiting.length > 0) await this.#carry(this.#next())
    this.#isRunning = false
  }

  #next(): Item[] {
    const [group, left, slots] = [[] as Item[], [] as Item[], new Set<string>()]
    let size = 0
    for (const item of this.#waiting) {
      const isFull = group.length >= MAX_ITEMS || (group.length > 0 && size > MAX_BYTES)
      if (isFull || (item.slot !== undefined && slots.has(item.slot))) {
        left.push(item)
        continue
      }
      group.push(item)
      if (item.slot !== undefined) slots.add(item.slot)
      size += item.sizeBytes
    }
    this.#waiting = left
    return group
  }
}
