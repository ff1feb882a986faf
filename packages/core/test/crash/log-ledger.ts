import { FileBlobStore } from '../../src/file/file-blob-store.ts'
import type { FileSystem } from '../../src/file/file-system.ts'
import { blobCommitLog } from '../../src/log/blob-commit-log.ts'
import type { CommitLog, LogRecord, Tip, TruncateOptions } from '../../src/log/commit-log.ts'
import { decodeFrame } from '../../src/log/frame.ts'
import type { SettleOptions } from '../../src/log/create-once.ts'
import { counts, type Floor } from '../../src/log/floor.ts'
import { Floors } from '../../src/log/floors.ts'
import { LogBlobs } from '../../src/log/log-blobs.ts'
import { recordKey } from '../../src/log/log-keys.ts'
import { toHex } from '../../src/digest/hex.ts'
import { unwrap } from '../../src/result/result.ts'
import type { CrashState, SimulatedDisk } from '../../src/testing/simulated-disk/index.ts'
import { HOME } from './blob-ledger.ts'
import { insist } from './crash-proof.ts'

/** The prefix of the log of these proofs. */
export const PREFIX = 'log/a.'

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Opens the log of these proofs in a view of one process. */
export async function openLog(
  fileSystem: FileSystem,
  settle?: SettleOptions,
): Promise<{ readonly log: CommitLog; readonly store: FileBlobStore }> {
  const store = unwrap(await FileBlobStore.open(HOME, { fileSystem }))
  return { store, log: blobCommitLog(store, PREFIX, settle === undefined ? {} : { settle }) }
}

/** A log as it lies on a disk. */
export interface LogStart {
  readonly records: readonly LogRecord[]
  readonly before: number
}

/** Reads a log as it lies on a disk. */
export async function findLog(disk: SimulatedDisk): Promise<LogStart> {
  const { log, store } = await openLog(disk.fileSystem('recovery'))
  const records: LogRecord[] = []
  for await (const record of log.records()) records.push(record)
  return { records, before: (await floorOf(store)).before }
}

/** Notes in the journal what is asked of commit logs, and what they say. */
export class LogLedger {
  readonly #disk: SimulatedDisk
  /** What somebody tried to write under each number. */
  readonly #attempts = new Map<number, Set<string>>()

  /** A ledger of a log that may hold records already, as `find` found them. */
  constructor(disk: SimulatedDisk, start: LogStart = { records: [], before: 1 }) {
    this.#disk = disk
    disk.mark(`truncate ${start.before}`)
    disk.mark(`truncated ${start.before}`)
    for (const record of start.records) {
      this.#attempt(record.seq, text.decode(record.payload))
      this.#hear(record)
    }
  }

  async append(
    log: CommitLog,
    after: Tip | undefined,
    payload: string,
  ): Promise<LogRecord | string> {
    const seq = (after?.seq ?? 0) + 1
    this.#attempt(seq, payload)
    this.#disk.mark(`append ${seq}`)
    const appended = await log.append(after, utf8.encode(payload))
    if (!appended.ok) return appended.error.code
    this.#hear(appended.value)
    return appended.value
  }

  /** Appends so many records to an empty log, one after the other. */
  async appendMany(log: CommitLog, count: number): Promise<LogRecord | undefined> {
    let tip: LogRecord | undefined
    for (let index = 1; index <= count; index += 1) {
      const appended = await this.append(log, tip, `record ${index}`)
      if (typeof appended === 'string') throw new Error(appended)
      tip = appended
    }
    return tip
  }

  /** What `latest` returns somebody may sign on: it is as good as acknowledged. */
  async latest(log: CommitLog): Promise<LogRecord | undefined> {
    const latest = unwrap(await log.latest())
    if (latest !== undefined) this.#hear(latest)
    return latest
  }

  async truncate(log: CommitLog, before: number, options?: TruncateOptions): Promise<string> {
    this.#disk.mark(`truncate ${before}`)
    const report = await log.truncate(before, { force: true, ...options })
    if (!report.ok) return report.error.code
    this.#disk.mark(`truncated ${report.value.before}`)
    return 'ok'
  }

  async sweep(log: CommitLog): Promise<string> {
    const swept = await log.sweep()
    return swept.ok ? 'ok' : swept.error.code
  }

  /**
   * The log opens; whatever was heard of is there unless the floor gave it up; the newest is as
   * new as any that was heard of; every record is what somebody wrote, and follows the one before
   * it without a hole.
   */
  async check({ disk, marks }: CrashState): Promise<void> {
    const { log, store } = await openLog(disk.fileSystem('recovery'))
    const newest = unwrap(await log.latest())
    const floor = await floorOf(store)
    const { heard, askedFloor, saidFloor } = told(marks)
    insist(
      floor.before >= saidFloor && floor.before <= Math.max(askedFloor, 1),
      () => `the floor is ${floor.before}, asked were up to ${askedFloor}, said ${saidFloor}`,
    )
    for (const [seq, digest] of heard) {
      insist((newest?.seq ?? 0) >= seq, () => `the newest is ${newest?.seq}, ${seq} was heard of`)
      const record = unwrap(await log.read(seq))
      const expected = counts(floor, seq) ? digest : undefined
      insist(record?.digest === expected, () => `record ${seq} is ${record?.digest ?? 'lost'}`)
    }
    await this.#checkRecords(log, store, floor, newest?.seq ?? 0)
    await this.#checkUsable(disk, log, newest)
    insist(disk.openHandles.length === 0, () => `still open: ${disk.openHandles.join(' ')}`)
  }

  async #checkRecords(
    log: CommitLog,
    store: FileBlobStore,
    floor: Floor,
    newest: number,
  ): Promise<void> {
    let last: LogRecord | undefined
    for await (const record of log.records()) {
      const { seq } = record
      const payload = text.decode(record.payload)
      insist(this.#attempts.get(seq)?.has(payload) === true, () => `${seq} is ${payload}`)
      if (seq > floor.before) {
        insist(last?.seq === seq - 1, () => `${seq} follows ${last?.seq}`)
        const follows = await predecessor(store, seq)
        insist(follows === last?.digest, () => `${seq} follows a record that is gone`)
      }
      last = record
    }
    insist((last?.seq ?? 0) === newest, () => `latest is ${newest}, records end at ${last?.seq}`)
  }

  async #checkUsable(
    disk: SimulatedDisk,
    log: CommitLog,
    latest: LogRecord | undefined,
  ): Promise<void> {
    const next = unwrap(await log.append(latest, utf8.encode('after')))
    const again = await openLog(disk.fileSystem('again'))
    const found = unwrap(await again.log.latest())
    insist(found?.digest === next.digest, () => `appended ${next.seq}, found ${found?.seq}`)
  }

  #attempt(seq: number, payload: string): void {
    const known = this.#attempts.get(seq) ?? new Set()
    this.#attempts.set(seq, known.add(payload))
  }

  #hear({ seq, digest }: LogRecord): void {
    this.#disk.mark(`heard ${seq} ${digest}`)
  }
}

/** What was said by the time of a cut. */
interface Told {
  /** Digests of the records that somebody was told of. */
  readonly heard: ReadonlyMap<number, string>
  /** The highest number that a truncation was asked for. */
  readonly askedFloor: number
  /** The highest number that a truncation was acknowledged for. */
  readonly saidFloor: number
}

function told(marks: readonly string[]): Told {
  const heard = new Map<number, string>()
  let [askedFloor, saidFloor] = [0, 0]
  for (const mark of marks) {
    const [what, seq, digest] = mark.split(' ')
    if (what === 'heard' && digest !== undefined) heard.set(Number(seq), digest)
    if (what === 'truncate') askedFloor = Math.max(askedFloor, Number(seq))
    if (what === 'truncated') saidFloor = Math.max(saidFloor, Number(seq))
  }
  return { heard, askedFloor, saidFloor }
}

function floorOf(store: FileBlobStore): Promise<Floor> {
  return unwrap(new Floors(store, PREFIX, new LogBlobs(store, PREFIX)).current())
}

async function predecessor(store: FileBlobStore, seq: number): Promise<string> {
  const blob = unwrap(await store.get(recordKey(PREFIX, seq)))
  const frame = decodeFrame(
    'record',
    blob === undefined ? new Uint8Array() : unwrap(await blob.bytes()),
  )
  return 'fault' in frame ? frame.fault : toHex(frame.predecessor)
}
