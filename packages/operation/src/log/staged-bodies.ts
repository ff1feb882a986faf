import {
  attempt,
  concat,
  err,
  ok,
  prefixed,
  randomBytes,
  readStaged,
  stage,
  thrownError,
  toHex,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CoreError,
  type LogReadError,
  type PutError,
  type Seq,
  type Staged,
} from '@tidemark/core'
import { damaged } from '../record/decode-record.ts'
import { isStaged, type Body } from '../record/record.ts'
import { stagedFor, stagedName } from '../record/staged-name.ts'

/** A put without an answer is repeated so often: nothing names its blob yet. */
const ATTEMPTS = 3

/** So many keys go to the medium at once. */
const DELETE_BATCH = 1000

/**
 * What is too large for the records of one operation: a blob for each, beside the log. Its name
 * carries the number of the record that it is for, so that a loser's is known for garbage.
 */
export class StagedBodies {
  readonly #store: BlobStore

  constructor(store: BlobStore, prefix: string) {
    this.#store = prefixed(store, `${prefix}b/`)
  }

  /** Stages bytes for a record that is to be appended; only then are they named. */
  async stage(bytes: Uint8Array, record: Seq): AsyncResult<Staged, PutError> {
    const name = stagedName(record, toHex(randomBytes(8)))
    let staged = await stage(this.#store, name, bytes)
    for (let tried = 1; tried < ATTEMPTS; tried++) {
      if (staged.ok || staged.error.code !== 'OUTCOME_UNKNOWN') break
      staged = await stage(this.#store, name, bytes)
    }
    return staged
  }

  /** The bytes of a body, wherever they are. `CORRUPTED`: they are not what was recorded. */
  async bytesOf(body: Body, options?: CallOptions): AsyncResult<Uint8Array, LogReadError> {
    if (!isStaged(body)) return ok(body)
    const seq = stagedFor(body.at.blob) ?? 0
    const read = async (): Promise<Uint8Array> => {
      const pieces: Uint8Array[] = []
      const fault = (reason: string): CoreError<'CORRUPTED'> => damaged(seq, reason)
      for await (const piece of readStaged(this.#store, body, fault, options)) pieces.push(piece)
      return concat(pieces)
    }
    return attempt(read, thrownError<LogReadError>)
  }

  /** Everything that is staged, by the numbers of the records. Throws a `LogReadError`. */
  async *names(): AsyncIterable<{ readonly name: string; readonly record: Seq }> {
    for await (const { key } of this.#store.list()) {
      const record = stagedFor(key)
      // Whatever else lies there is not ours.
      if (record !== undefined) yield { name: key, record }
    }
  }

  /** Deletes what nothing names; gives whether all of it is gone. */
  async delete(names: readonly string[]): AsyncResult<boolean, LogReadError> {
    let isAll = true
    for (let i = 0; i < names.length; i += DELETE_BATCH) {
      const deleted = await this.#store.delete(names.slice(i, i + DELETE_BATCH))
      if (!deleted.ok) return err(deleted.error)
      isAll &&= deleted.value.failed.length === 0
    }
    return ok(isAll)
  }
}
