import type { Seq } from '@tidemark/core'
import type { OperationRecord } from '../record/record.ts'

/** So many records are kept decoded: steps that are skipped in order find theirs here. */
const MAX_RECORDS = 16

/** Larger records are not kept: 16 of them bound what the cache holds. */
const MAX_CACHED_BYTES = 2 * 1024 * 1024

/** The records that were used last. A record never changes, so none is ever out of date. */
export class RecordCache {
  readonly #records = new Map<Seq, OperationRecord>()

  get(seq: Seq): OperationRecord | undefined {
    const record = this.#records.get(seq)
    if (record !== undefined) this.#keep(seq, record)
    return record
  }

  put(seq: Seq, record: OperationRecord, sizeBytes: number): void {
    if (sizeBytes <= MAX_CACHED_BYTES) this.#keep(seq, record)
  }

  #keep(seq: Seq, record: OperationRecord): void {
    this.#records.delete(seq)
    this.#records.set(seq, record)
    const [oldest] = this.#records.keys()
    if (this.#records.size > MAX_RECORDS && oldest !== undefined) this.#records.delete(oldest)
  }
}
