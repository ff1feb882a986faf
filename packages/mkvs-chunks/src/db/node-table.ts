import { byteAt, equalBytes, NO_BYTES } from '../bytes/bytes.ts'
import { HASH_BYTES, type Hash } from '../hash/hash.ts'

/** Nodes are packed into pages of this size; a larger node has a page of its own. */
const PAGE_BYTES = 1024 * 1024
const FIRST_SLOTS = 1024
/** A slot that was never used, and one whose node was removed. */
const FREE = 0
const REMOVED = -1

/**
 * Byte strings by hash, packed: a table of slots and pages of bytes instead of a million small
 * objects. A hash's own first bytes choose its slot. Removed bytes are freed when the table grows.
 */
export class NodeTable {
  #slots: Int32Array = new Int32Array(FIRST_SLOTS)
  /** Of entry n (counted from 1): hash at `n * 32`, page, offset and length. */
  #hashes: Uint8Array = new Uint8Array(FIRST_SLOTS * HASH_BYTES)
  #places: Int32Array = new Int32Array(FIRST_SLOTS * 3)
  #pages: Uint8Array[] = []
  #filled = PAGE_BYTES
  #entries = 0
  #size = 0
  #used = 0

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** A view of the bytes under a hash. */
  get(hash: Hash): Uint8Array | undefined {
    const entry = this.#slots[this.#find(hash)] ?? FREE
    return entry > 0 ? this.#bytesOf(entry) : undefined
  }

  /** Copies bytes in under a hash. */
  set(hash: Hash, bytes: Uint8Array): void {
    if (2 * (this.#used + 1) > this.#slots.length) this.#grow()
    const slot = this.#find(hash)
    const known = this.#slots[slot] ?? FREE
    if (known > 0) {
      this.#place(known, bytes)
      return
    }
    if (known === FREE) this.#used++
    this.#size++
    this.#entries++
    const entry = this.#entries
    this.#slots[slot] = entry
    if ((entry + 1) * HASH_BYTES > this.#hashes.length) this.#growEntries()
    this.#hashes.set(hash, entry * HASH_BYTES)
    this.#places[3 * entry] = -1
    this.#place(entry, bytes)
  }

  /** Removes what is under a hash. */
  delete(hash: Hash): void {
    const slot = this.#find(hash)
    if ((this.#slots[slot] ?? FREE) <= 0) return
    this.#slots[slot] = REMOVED
    this.#size--
  }

  /** The slot a hash is in, or the one it would be put in. */
  #find(hash: Hash): number {
    const mask = this.#slots.length - 1
    let slot = firstSlot(hash, 0) & mask
    let removed = -1
    for (;;) {
      const entry = this.#slots[slot] ?? FREE
      if (entry === FREE) return removed >= 0 ? removed : slot
      if (entry === REMOVED) {
        if (removed < 0) removed = slot
      } else if (this.#isAt(entry, hash)) {
        return slot
      }
      slot = (slot + 1) & mask
    }
  }

  #isAt(entry: number, hash: Hash): boolean {
    const at = entry * HASH_BYTES
    for (let i = 0; i < HASH_BYTES; i++) if (this.#hashes[at + i] !== hash[i]) return false
    return true
  }

  #bytesOf(entry: number): Uint8Array {
    const page = this.#pages[this.#places[3 * entry] ?? 0] ?? NO_BYTES
    const offset = this.#places[3 * entry + 1] ?? 0
    return page.subarray(offset, offset + (this.#places[3 * entry + 2] ?? 0))
  }

  #place(entry: number, bytes: Uint8Array): void {
    const isNew = this.#places[3 * entry] === -1
    if (!isNew && equalBytes(this.#bytesOf(entry), bytes)) return
    if (this.#filled + bytes.length > PAGE_BYTES) {
      this.#pages.push(new Uint8Array(Math.max(PAGE_BYTES, bytes.length)))
      this.#filled = 0
    }
    this.#pages.at(-1)?.set(bytes, this.#filled)
    this.#places[3 * entry] = this.#pages.length - 1
    this.#places[3 * entry + 1] = this.#filled
    this.#places[3 * entry + 2] = bytes.length
    this.#filled += bytes.length
  }

  #growEntries(): void {
    const hashes = new Uint8Array(2 * this.#hashes.length)
    hashes.set(this.#hashes)
    this.#hashes = hashes
    const places = new Int32Array(2 * this.#places.length)
    places.set(this.#places)
    this.#places = places
  }

  /** Puts everything that is there in a table twice as large as needed. */
  #grow(): void {
    const old = {
      slots: this.#slots,
      hashes: this.#hashes,
      places: this.#places,
      pages: this.#pages,
    }
    const larger = Math.max(FIRST_SLOTS, 2 ** Math.ceil(Math.log2(4 * (this.#size + 1))))
    const isDense = this.#size === this.#entries
    this.#slots = new Int32Array(larger)
    this.#used = 0
    if (isDense) {
      for (let entry = 1; entry <= this.#entries; entry++) this.#reslot(entry)
      return
    }
    this.#hashes = new Uint8Array((this.#size + 2) * HASH_BYTES)
    this.#places = new Int32Array((this.#size + 2) * 3)
    this.#pages = []
    this.#filled = PAGE_BYTES
    this.#entries = 0
    this.#size = 0
    for (const entry of old.slots) {
      if (entry <= 0) continue
      const [page = 0, offset = 0, length = 0] = old.places.subarray(3 * entry, 3 * entry + 3)
      const bytes = old.pages[page]?.subarray(offset, offset + length) ?? NO_BYTES
      this.set(old.hashes.subarray(entry * HASH_BYTES, (entry + 1) * HASH_BYTES), bytes)
    }
  }

  /** Puts an entry that is known to be the only one of its hash in the first free slot. */
  #reslot(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = firstSlot(this.#hashes, entry * HASH_BYTES) & mask
    while (this.#slots[slot] !== FREE) slot = (slot + 1) & mask
    this.#slots[slot] = entry
    this.#used++
  }
}

/** Where to look first for the hash at a place, before the mask. */
function firstSlot(bytes: Uint8Array, at: number): number {
  const low = byteAt(bytes, at) | (byteAt(bytes, at + 1) << 8) | (byteAt(bytes, at + 2) << 16)
  return low | (byteAt(bytes, at + 3) << 24)
}
