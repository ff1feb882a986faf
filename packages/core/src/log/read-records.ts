import { unwrap } from '../result/result.ts'
import type {
  CommitLog,
  Damage,
  LogReadError,
  LogRecord,
  RecordsOptions,
  Seq,
} from './commit-log.ts'
import type { Floor } from './floor.ts'

/** So many records are asked for at once: hides the latency of a far medium, bounds memory. */
const BATCH = 8

/** The records that a floor leaves, up to the newest, in order. */
export async function* readRecords(
  log: CommitLog,
  floor: Floor,
  newest: Seq,
  options: RecordsOptions,
): AsyncIterable<LogRecord> {
  let left = options.limit ?? Infinity
  for (const batch of batches(numbers(floor, newest, options))) {
    const found = await Promise.all(batch.map((seq) => log.read(seq, options)))
    for (const [i, result] of found.entries()) {
      if (!result.ok && options.onDamage !== undefined && isDamage(result.error)) {
        options.onDamage({ seq: batch[i] ?? 0, error: result.error })
        continue
      }
      const record = unwrap(result)
      if (record === undefined) continue
      if (left-- <= 0) return
      yield record
    }
    if (left <= 0) return
  }
}

function isDamage(error: LogReadError): error is Damage['error'] {
  return error.code === 'CORRUPTED' || error.code === 'UNSUPPORTED_VERSION'
}

function* numbers(floor: Floor, newest: Seq, options: RecordsOptions): Iterable<Seq> {
  const after = options.after ?? 0
  const kept = floor.keep.filter((seq) => seq > after)
  const first = Math.max(floor.before, after + 1)
  if (options.reverse === true) {
    for (let seq = newest; seq >= first; seq--) yield seq
    yield* kept.toReversed()
  } else {
    yield* kept
    for (let seq = first; seq <= newest; seq++) yield seq
  }
}

function* batches(seqs: Iterable<Seq>): Iterable<Seq[]> {
  let batch: Seq[] = []
  for (const seq of seqs) {
    batch.push(seq)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  yield batch
}
