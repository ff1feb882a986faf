import type { Location } from '../record/record.ts'

/** Slots per entry: the table is never fuller than half. */
const SLOTS_PER_ENTRY = 2

const FIRST_CAPACITY = 1024

/**
 * Where the results of steps lie, in 25 to 50 bytes for each however long their names are: a
 * million steps fit in memory. It knows steps by a hash of 32 bits, so what it finds is a
 * candidate: the record says whether it is the step.
 */
export class StepIndex {
  #size = 0
  #hashes = new Uint32Array(FIRST_CAPACITY)
  #records = new Float64Array(FIRST_CAPACITY)
  #places = new Uint32Array(FIRST_CAPACITY)
  #asked = new Uint8Array(FIRST_CAPACITY)
  /** Open addressing; entry number + 1, 0 for a free slot. */
  #slots = new Uint32Array(FIRST_CAPACITY * SLOTS_PER_ENTRY)

  /** How many entries there are. */
  get size(): number {
    return this.#size
  }

  /** Adds an entry and gives its number. The same step may be added again: the later one counts. */
  add(hash: number, at: Location): number {
    if (this.#size === this.#hashes.length) this.#grow()
    const entry = this.#size
    this.#size += 1
    this.#hashes[entry] = hash
    this.move(entry, at)
    this.#place(entry, hash)
    return entry
  }

  /** The entries that may be the step of this hash, latest first. */
  candidates(hash: number): number[] {
    const found: number[] = []
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot] ?? 0
      if (held === 0) return found.sort((a, b) => b - a)
      if (this.#hashes[held - 1] === hash) found.push(held - 1)
    }
  }

  /** Where the result of an entry lies. */
  at(entry: number): Location {
    return { record: this.#records[entry] ?? 0, index: this.#places[entry] ?? 0 }
  }

  /** Notes that the result of an entry was repeated elsewhere. */
  move(entry: number, { record, index }: Location): void {
    this.#records[entry] = record
    this.#places[entry] = index
  }

  /** Notes that this run has asked for a step; `false` when it had before. */
  ask(entry: number): boolean {
    if (this.#asked[entry] === 1) return false
    this.#asked[entry] = 1
    return true
  }

  #place(entry: number, hash: number): void {
    const mask = this.#slots.length - 1
    let slot = hash & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #grow(): void {
    const capacity = this.#hashes.length * 2
    this.#hashes = enlarged(this.#hashes, new Uint32Array(capacity))
    this.#records = enlarged(this.#records, new Float64Array(capacity))
    this.#places = enlarged(this.#places, new Uint32Array(capacity))
    this.#asked = enlarged(this.#asked, new Uint8Array(capacity))
    this.#slots = new Uint32Array(capacity * SLOTS_PER_ENTRY)
    for (let entry = 0; entry < this.#size; entry++) this.#place(entry, this.#hashes[entry] ?? 0)
  }
}

function enlarged<A extends { set: (from: A) => void }>(from: A, to: A): A {
  to.set(from)
  return to
}

/** A hash of text that nobody outside can predict, for `seed` differs in every process. */
export function hashText(text: string, seed: number): number {
  let hash = seed
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x5bd1e995)
    hash ^= hash >>> 13
  }
  hash = Math.imul(hash ^ text.length, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
