import { err, ok, quote, type AsyncResult, type CallOptions, type CoreError } from '@tidemark/core'
import { isLive, type OperationLog, type Sighting, type Standing } from '../log/operation-log.ts'
import { operationError, type OperationError, type OperationErrors } from '../operation-errors.ts'
import type { CheckpointRef, ReadFailure } from '../operation.ts'
import { checkpointId, parseCheckpointId, type CheckpointPlace } from '../record/checkpoint-id.ts'
import { checkpointsOf, sizeOf, type CheckpointEntry, type Location } from '../record/record.ts'

/** A checkpoint that was found in a record. */
export interface FoundCheckpoint {
  readonly ref: CheckpointRef
  readonly entry: CheckpointEntry
}

/** A checkpoint as it is stored, with its bytes wherever they lie. */
export interface StoredCheckpoint extends FoundCheckpoint {
  readonly body: Uint8Array
}

type Gone = OperationErrors['CHECKPOINT_NOT_FOUND']['reason']

type LoadFailure = ReadFailure | OperationError<'CHECKPOINT_NOT_FOUND'>

/** An owner that gives up what is read as often as that is not worth chasing. */
const MAX_ROUNDS = 100

/**
 * Reads from where the operation stands. What is missing or damaged counts only if it still stands
 * there: an owner may have given up meanwhile what was being read.
 */
export async function readSettled<T, E extends { readonly kind: string }>(
  log: OperationLog,
  read: (sighting: Sighting) => AsyncResult<T, E>,
  options?: CallOptions,
): AsyncResult<T, E | ReadFailure> {
  let sighting = await log.look(options)
  for (let round = 1; ; round++) {
    if (!sighting.ok) return sighting
    const { standing } = sighting.value
    const found = await read(sighting.value)
    const isSure = found.ok ? found.value !== undefined : found.error.kind !== 'corrupt'
    if (isSure || standing === undefined || round >= MAX_ROUNDS) return found
    sighting = await log.look(options)
    if (sighting.ok && sighting.value.standing?.seq === standing.seq) return found
  }
}

/** The newest checkpoint, if there is one. */
export async function readLatest(
  log: OperationLog,
  options?: CallOptions,
): AsyncResult<StoredCheckpoint | undefined, ReadFailure> {
  return readSettled(
    log,
    async ({ standing }) => {
      const latest = standing?.head.latest
      if (standing === undefined || latest === undefined) return ok(undefined)
      return readWhole(log, standing, latest, options)
    },
    options,
  )
}

/** The checkpoint of an id, or why there is none. */
export async function readById(
  log: OperationLog,
  id: string,
  options?: CallOptions,
): AsyncResult<StoredCheckpoint, LoadFailure | CoreError<'INVALID_IDENTIFIER'>> {
  const place = parseCheckpointId(id)
  if (!place.ok) return place
  type Found = AsyncResult<StoredCheckpoint | undefined, LoadFailure>
  const read = async ({ standing }: Sighting): Found => {
    const gone = goneReason(standing, place.value)
    if (standing === undefined || gone !== undefined) return err(notFound(id, gone ?? 'unknown'))
    return readWhole(log, standing, place.value.at, options)
  }
  const found = await readSettled(log, read, options)
  if (!found.ok) return found
  return found.value === undefined ? err(notFound(id, 'unknown')) : ok(found.value)
}

/** Why a checkpoint certainly is no more, if it is not. */
function goneReason(
  standing: Standing | undefined,
  { incarnation, at }: CheckpointPlace,
): Gone | undefined {
  if (standing === undefined) return 'unknown'
  const { base, head } = standing
  if (incarnation !== head.incarnation) {
    return base.past.includes(incarnation) ? 'cleared' : 'unknown'
  }
  // Newer than the standing: it was made on a damaged record, or meanwhile, or never.
  if (isLive(standing, at)) return undefined
  return base.kind === 'complete' ? 'completed' : 'compacted'
}

/** The checkpoint at a place that counts, with its bytes; `undefined` when there is none. */
async function readWhole(
  log: OperationLog,
  standing: Standing,
  at: Location,
  options?: CallOptions,
): AsyncResult<StoredCheckpoint | undefined, ReadFailure> {
  const found = await readAt(log, standing, at, options)
  if (!found.ok || found.value === undefined) return found.ok ? ok(undefined) : found
  const body = await log.bodies.bytesOf(found.value.entry.body, options)
  return body.ok ? ok({ ...found.value, body: body.value }) : body
}

/** The checkpoint at a place that counts; `undefined` when there is none. */
export async function readAt(
  log: OperationLog,
  standing: Standing,
  at: Location,
  options?: CallOptions,
): AsyncResult<FoundCheckpoint | undefined, ReadFailure> {
  const record = await log.read(at.record, options)
  if (!record.ok || record.value === undefined) return record.ok ? ok(undefined) : record
  if (record.value.head.incarnation !== standing.head.incarnation) return ok(undefined)
  for (const { entry, index, seq } of checkpointsOf(record.value)) {
    if (index === at.index) return ok({ ref: refOf(standing, entry, at, seq), entry })
  }
  return ok(undefined)
}

/** What callers are told about a checkpoint. */
export function refOf(
  { base, head }: Standing,
  entry: CheckpointEntry,
  at: Location,
  seq: number,
): CheckpointRef {
  const place = base.kept.findIndex(
    (one) => one.at.record === at.record && one.at.index === at.index,
  )
  const kept = base.kept[place]
  return {
    id: checkpointId({ incarnation: head.incarnation, at }),
    seq,
    position: kept === undefined ? base.kept.length + seq - base.firstSeq : place,
    label: kept?.label ?? entry.label,
    at: new Date(entry.atMs),
    sizeBytes: sizeOf(entry.body),
  }
}

function notFound(identifier: string, reason: Gone): OperationError<'CHECKPOINT_NOT_FOUND'> {
  const message = `there is no checkpoint ${quote(identifier)}: ${reason}`
  return operationError('CHECKPOINT_NOT_FOUND', message, { identifier, reason })
}
