import { err, ok, quote, type AsyncResult, type CallOptions, type CoreError } from '@tidemark/core'
import { isLive, type OperationLog, type Standing } from '../log/operation-log.ts'
import { operationError, type OperationError } from '../operation-errors.ts'
import type { CheckpointRef, ReadFailure } from '../operation.ts'
import { checkpointId, parseCheckpointId } from '../record/checkpoint-id.ts'
import { checkpointsOf, type CheckpointEntry, type Location } from '../record/record.ts'

/** A checkpoint as it is stored. */
export interface StoredCheckpoint {
  readonly ref: CheckpointRef
  readonly entry: CheckpointEntry
}

/** The newest checkpoint, if there is one. */
export async function readLatest(
  log: OperationLog,
  standing: Standing,
  options?: CallOptions,
): AsyncResult<StoredCheckpoint | undefined, ReadFailure> {
  const { latest } = standing.head
  return latest === undefined ? ok(undefined) : readAt(log, standing, latest, options)
}

/** The checkpoint of an id, or why there is none. */
export async function readById(
  log: OperationLog,
  id: string,
  options?: CallOptions,
): AsyncResult<
  StoredCheckpoint,
  ReadFailure | CoreError<'INVALID_IDENTIFIER'> | OperationError<'CHECKPOINT_NOT_FOUND'>
> {
  const place = parseCheckpointId(id)
  if (!place.ok) return place
  const sighting = await log.look(options)
  if (!sighting.ok) return sighting
  const { standing } = sighting.value
  if (standing === undefined) return err(notFound(id, 'unknown'))
  const { incarnation, at } = place.value
  if (incarnation !== standing.head.incarnation) {
    return err(notFound(id, standing.base.past.includes(incarnation) ? 'cleared' : 'unknown'))
  }
  // Newer than the standing: it was made on a damaged record, or meanwhile, or never.
  if (!isLive(standing, at)) {
    return err(notFound(id, standing.base.kind === 'complete' ? 'completed' : 'compacted'))
  }
  const found = await readAt(log, standing, at, options)
  if (!found.ok) return found
  return found.value === undefined ? err(notFound(id, 'unknown')) : ok(found.value)
}

/** The checkpoint at a place that counts; `undefined` when there is none. */
export async function readAt(
  log: OperationLog,
  standing: Standing,
  at: Location,
  options?: CallOptions,
): AsyncResult<StoredCheckpoint | undefined, ReadFailure> {
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
    sizeBytes: entry.bytes.length,
  }
}

function notFound(
  identifier: string,
  reason: 'compacted' | 'cleared' | 'completed' | 'unknown',
): OperationError<'CHECKPOINT_NOT_FOUND'> {
  const message = `there is no checkpoint ${quote(identifier)}: ${reason}`
  return operationError('CHECKPOINT_NOT_FOUND', message, { identifier, reason })
}
