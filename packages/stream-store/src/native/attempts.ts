import { randomBytes, toHex, type BlobStore, type CallOptions } from '@tidemark/core'
import { PackWriter } from '../state/pack-writer.ts'
import type { WriteStoreError } from '../store/store-errors.ts'
import { blobKey } from './view.ts'

/** Enough that no two attempts ever have one name. */
const NONCE_BYTES = 12

/** One attempt to save: its blobs are named after it, and nobody else ever writes them. */
export interface Attempt {
  readonly pack: PackWriter
  /** The names of the blobs there are so far. */
  blobNames(): string[]
  /** Tells what became of it. What is certain not to be named is deleted; nothing else is. */
  settle(failure: WriteStoreError | 'unused' | undefined): Promise<void>
}

/** The attempts of one owner. */
export class Attempts {
  readonly #store: BlobStore
  readonly #epoch: number
  /** Attempts whose blobs a head may yet name. */
  readonly active: Set<string> = new Set<string>()

  constructor(store: BlobStore, epoch: number) {
    this.#store = store
    this.#epoch = epoch
  }

  /** Begins an attempt. */
  begin(options?: CallOptions): Attempt {
    const nonce = toHex(randomBytes(NONCE_BYTES))
    const nameOf = (index: number): string => `${this.#epoch}-${nonce}-${index}`
    const pack = new PackWriter(this.#store, (index) => blobKey(nameOf(index)), options)
    this.active.add(nonce)
    return {
      pack,
      blobNames: () => Array.from({ length: pack.count }, (_, index) => nameOf(index)),
      settle: async (failure) => {
        // Nobody knows whether a record names it: it stays active, and so is never swept.
        if (typeof failure === 'object' && failure.code === 'OUTCOME_UNKNOWN') return
        if (failure !== undefined) await pack.discard()
        this.active.delete(nonce)
      },
    }
  }
}
