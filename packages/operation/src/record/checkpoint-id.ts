import { coreError, err, ok, quote, type CoreError, type Result } from '@tidemark/core'
import type { Location } from './record.ts'

/** What an id stands for. */
export interface CheckpointPlace {
  readonly incarnation: string
  readonly at: Location
}

const ID = /^(?<incarnation>[0-9a-f]{16})-(?<record>[0-9]{12,16})\.(?<index>0|[1-9][0-9]{0,5})$/

/**
 * The id of a checkpoint: incarnation, number of the record, place in it. Records are never
 * renumbered, so an id never stands for two checkpoints. Opaque to callers.
 */
export function checkpointId({ incarnation, at }: CheckpointPlace): string {
  return `${incarnation}-${String(at.record).padStart(12, '0')}.${at.index}`
}

/** Reads an id; `INVALID_IDENTIFIER` for anything that {@link checkpointId} does not make. */
export function parseCheckpointId(
  id: string,
): Result<CheckpointPlace, CoreError<'INVALID_IDENTIFIER'>> {
  const { incarnation = '', record, index } = ID.exec(id)?.groups ?? {}
  const place = { incarnation, at: { record: Number(record), index: Number(index) } }
  if (Number.isSafeInteger(place.at.record) && checkpointId(place) === id) return ok(place)
  const reason = id === '' ? 'empty' : 'malformed'
  const message = `${quote(id)} is not the id of a checkpoint; use one that checkpoint() gave`
  return err(coreError('INVALID_IDENTIFIER', message, { what: 'identifier', reason }))
}
