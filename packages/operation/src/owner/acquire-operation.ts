import {
  acquireLease,
  coreError,
  err,
  ok,
  systemClock,
  type AsyncResult,
  type CoreError,
  type Damage,
  type Lease,
  type LeaseOptions,
} from '@tidemark/core'
import { EventSource } from '../events/event-source.ts'
import { nameError, operationPrefix } from '../log/operation-key.ts'
import { OperationLog } from '../log/operation-log.ts'
import type { OperationPlace, OwnerOptions } from '../open-options.ts'
import type { OpenError, WriteError } from '../operation.ts'
import { appendBegin } from './bases.ts'
import { sweepBase, type TrimParts } from './trim.ts'
import { RecordWriter } from './record-writer.ts'
import { stateOf } from './stored-operation.ts'

/** An operation whose lease was taken and whose standing is known. */
export interface Acquired {
  readonly lease: Lease
  readonly log: OperationLog
  readonly writer: RecordWriter
  readonly events: EventSource
  readonly now: () => number
  readonly newIncarnation: () => string
  /** Damaged newest records that were stepped over. */
  readonly recovered: readonly Damage[]
}

/** Larger values get a blob of their own: folds would write them again, and `history` read them. */
const STAGE_ABOVE_BYTES = 256 * 1024

/** A record holds 16 MiB, and small entries share it. */
const MAX_STAGE_ABOVE_BYTES = 4 * 1024 * 1024

/** After so many owners without a word one says where the operation stands, for the next ones. */
const MAX_SILENT_OWNERS = 16

/** Takes the lease of an operation, and begins the operation if nobody has. */
export async function acquireOperation(
  { store, name }: OperationPlace,
  options: OwnerOptions,
): AsyncResult<Acquired, OpenError> {
  const refused = nameError(name) ?? ownerError(options)
  if (refused !== undefined) return err(refused)
  const prefix = operationPrefix(name)
  const log = new OperationLog(store, name)
  const lease = await acquireInTime(store, prefix, options, {
    log: log.log,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.probe === undefined ? {} : { probe: options.probe }),
    ...(options.staleAfterMs === undefined ? {} : { staleAfterMs: options.staleAfterMs }),
  })
  if (!lease.ok) return lease
  const begun = await begin(lease.value, log, name, options)
  if (!begun.ok) await lease.value.close()
  return begun
}

async function begin(
  lease: Lease,
  log: OperationLog,
  name: string,
  options: OwnerOptions,
): AsyncResult<Acquired, OpenError> {
  const { clock = systemClock, now = Date.now, random = systemRandom } = options
  const { stageAboveBytes = STAGE_ABOVE_BYTES } = options
  const events = new EventSource()
  if (options.onEvent !== undefined) events.on(options.onEvent)
  const sighting = await log.look(options)
  // Starting over is the way out of a record that cannot be read.
  const isLost = !sighting.ok && sighting.error.code === 'CORRUPTED' && options.restart === true
  if (!sighting.ok && !isLost) return sighting
  const { standing, passed = 0, skipped: recovered = [] } = sighting.ok ? sighting.value : {}
  const writer = new RecordWriter({ lease, log, clock, stageAboveBytes }, standing)
  const newIncarnation = (): string => toHex(random(new Uint8Array(8)))
  const restarts = options.restart === true && stateOf(standing) === 'completed'
  const ready = await makeReady(
    { lease, log, writer },
    {
      name,
      atMs: now(),
      incarnation: standing === undefined || restarts ? newIncarnation() : undefined,
      isFirst: standing === undefined && !isLost,
      isSilent: passed > MAX_SILENT_OWNERS,
    },
  )
  if (!ready.ok) return ready
  events.emit({ type: 'opened', name, state: stateOf(writer.standing) })
  const { epoch, takenOverFrom } = lease
  events.emit({ type: 'leaseTaken', epoch, takenOverFrom })
  if (recovered.length > 0) events.emit({ type: 'recovered', skipped: recovered })
  lease.lost.addEventListener('abort', () => {
    events.emit({ type: 'leaseLost', error: lease.lost.reason })
  })
  return ok({ lease, log, writer, events, now, newIncarnation, recovered })
}

interface Readiness {
  readonly name: string
  readonly atMs: number
  /** Begin this incarnation. */
  readonly incarnation: string | undefined
  /** Nothing was recorded before, not even something that cannot be read. */
  readonly isFirst: boolean
  /** Say where the operation stands, for nobody has for long. */
  readonly isSilent: boolean
}

async function makeReady(
  { lease, log, writer }: TrimParts,
  { name, atMs, incarnation, isFirst, isSilent }: Readiness,
): AsyncResult<void, WriteError> {
  if (incarnation !== undefined) {
    const begun = await appendBegin(writer, { name, atMs }, incarnation)
    if (!begun.ok) return begun
    // Nothing to delete: what may lie before a very first record are owners that came and went.
    if (isFirst) writer.swept()
  } else if (isSilent && writer.standing !== undefined) {
    const { nextSeq, steps } = writer.standing.head
    const said = await writer.append({ head: { nextSeq, steps }, entries: [] })
    if (!said.ok) return said
  }
  // What a crash left half deleted is finished here; that it fails now harms nobody.
  await sweepBase({ lease, log, writer }, { list: true })
  return ok()
}

/** Acquires the lease, waiting no longer than asked. */
async function acquireInTime(
  store: OperationPlace['store'],
  prefix: string,
  { wait, signal, clock = systemClock }: OwnerOptions,
  options: LeaseOptions,
): AsyncResult<Lease, OpenError> {
  const call = signal === undefined ? options : { ...options, signal }
  if (typeof wait !== 'number') {
    return acquireLease(store, prefix, { ...call, wait: wait === true })
  }
  const late = new AbortController()
  const done = new AbortController()
  const expire = (): void => late.abort(new Error(`waited for ${wait} ms`))
  clock.sleep(wait, done.signal).then(expire, () => undefined)
  const signals = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  const lease = await acquireLease(store, prefix, { ...options, wait: true, signal: signals })
  done.abort()
  const isLate = !lease.ok && lease.error.code === 'ABORTED' && signal?.aborted !== true
  return isLate ? err(lockedError(prefix, wait)) : lease
}

function lockedError(what: string, waitedMs: number): CoreError<'LOCKED'> {
  const owner = 'an owner that is alive or not yet known to be gone'
  const message = `${what} is still held by ${owner} after ${waitedMs} ms`
  return coreError('LOCKED', message, { what, owner, epoch: 0 })
}

/** The error for options of an owner that make no sense, or `undefined`. */
export function ownerError(options: OwnerOptions): CoreError<'INVALID_ARGUMENT'> | undefined {
  const { wait, staleAfterMs = 1, stageAboveBytes = 0 } = options
  if (typeof wait === 'number' && !(wait >= 0)) {
    return outOfRange('wait', 'it is a number of ms from 0, or true')
  }
  if (!(staleAfterMs > 0)) return outOfRange('staleAfterMs', 'it is a number of ms above 0')
  if (stageAboveBytes >= 0 && stageAboveBytes <= MAX_STAGE_ABOVE_BYTES) return undefined
  return outOfRange('stageAboveBytes', `it is a number from 0 to ${MAX_STAGE_ABOVE_BYTES}`)
}

function outOfRange(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `${argument}: ${reason}`, { argument, reason })
}

function systemRandom(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  return crypto.getRandomValues(bytes)
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
