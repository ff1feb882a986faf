import type { BlobStore } from '../../blob/blob-store.ts'
import { blobCommitLog } from '../../log/blob-commit-log.ts'
import type { CommitLog, LogRecord, Tip } from '../../log/commit-log.ts'
import { encodeFrame, NO_PREDECESSOR, NONCE_BYTES } from '../../log/frame.ts'
import { recordKey } from '../../log/log-keys.ts'
import { check, succeeds } from '../check.ts'

/** The medium that the logs lie on. */
export interface CommitLogSubject {
  /** A new, empty store. The case closes it. */
  readonly open: () => BlobStore | Promise<BlobStore>
  /** A log on the store, as another process would open it. Default: `blobCommitLog`. */
  readonly openLog?: (store: BlobStore, prefix: string) => CommitLog
  /** How many records the case about opening a long log makes. Default 10 000. */
  readonly manyRecords?: number
}

/** What a case works with. */
export interface LogWorld {
  readonly store: BlobStore
  /** A handle on the log under {@link PREFIX}, on this store or one that wraps it. */
  readonly handle: (store?: BlobStore, prefix?: string) => CommitLog
  readonly manyRecords: number
}

/** A case before it is bound to a subject. */
export interface CommitLogCase {
  readonly name: string
  readonly run: (world: LogWorld) => Promise<void>
}

/** Where the log of a case lies. */
export const PREFIX = 'log/n-job.'

/** Settles lost answers without waiting. */
export const AT_ONCE: { attempts: number; pauseMs: number; sleep: () => Promise<void> } = {
  attempts: 3,
  pauseMs: 0,
  sleep: () => Promise.resolve(),
}

/** The log that cases run on unless the subject brings another. */
export function openPlainLog(store: BlobStore, prefix: string): CommitLog {
  return blobCommitLog(store, prefix, { settle: AT_ONCE })
}

/** The payload of record `n` in these cases. */
export function payloadOf(n: number): Uint8Array {
  return new TextEncoder().encode(`record ${n}`)
}

/** The number in such a payload. */
export function numberIn(record: LogRecord | undefined): number | undefined {
  return record === undefined
    ? undefined
    : Number(new TextDecoder().decode(record.payload).slice(7))
}

/** Appends records up to number `last` and gives the newest. */
export async function fill(log: CommitLog, last: number): Promise<LogRecord> {
  let newest = await succeeds(log.latest(), 'latest')
  for (let n = (newest?.seq ?? 0) + 1; n <= last; n++) {
    newest = await succeeds(log.append(newest, payloadOf(n)), `append ${n}`)
  }
  check(newest !== undefined, 'there should be a record')
  return newest
}

/** Puts whole records straight into the medium, faster than by appending. */
export async function plantRecords(store: BlobStore, last: number): Promise<void> {
  function* blobs(): Iterable<readonly [string, Uint8Array]> {
    for (let seq = 1; seq <= last; seq++) yield [recordKey(PREFIX, seq), frameOf(seq)]
  }
  await succeeds(store.putMany(blobs(), { durable: false }), 'planting records')
}

/** The bytes of a whole record. */
export function frameOf(seq: number, epoch = 0): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  const payload = payloadOf(seq)
  return encodeFrame({ kind: 'record', seq, epoch, nonce, predecessor: NO_PREDECESSOR, payload })
}

/** Spoils the record of a number, as a bad sector would. */
export async function damage(store: BlobStore, seq: number): Promise<void> {
  const bytes = frameOf(seq)
  bytes[80] = (bytes[80] ?? 0) ^ 1
  await succeeds(store.put(recordKey(PREFIX, seq), bytes), `damaging record ${seq}`)
}

/** The tip of a handle that has seen the newest record. */
export async function tipOf(log: CommitLog): Promise<Tip | undefined> {
  return succeeds(log.latest(), 'latest')
}
