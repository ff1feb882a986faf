import { attempt, ok, thrownError, type AsyncResult, type CallOptions } from '@tidemark/core'
import type { CheckpointRef } from '../store/checkpoint-store.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import type { SegmentRef } from './head.ts'
import { readSegment } from './history.ts'
import { newestFirst, type View } from './view.ts'

/** The checkpoints there are, ids ascending. Reads the head and its segments, no manifest. */
export async function listCheckpoints(
  view: View,
  options?: CallOptions,
): AsyncResult<CheckpointRef[], ReadStoreError> {
  const found = await view.current(options)
  if (!found.ok) return found
  const { head } = found.value
  if (head === undefined) return ok([])
  return attempt(
    async () => {
      const refs: CheckpointRef[] = []
      const readFar = (ref: SegmentRef) => readSegment(view.log, ref, options)
      for await (const { id, epoch } of newestFirst(head, readFar)) {
        refs.push({ checkpointId: id, epoch })
      }
      return refs.toReversed()
    },
    thrownError<ReadStoreError>,
  )
}
