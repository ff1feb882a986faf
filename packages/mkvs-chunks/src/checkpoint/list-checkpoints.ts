import {
  err,
  ok,
  thrownError,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type ReadError,
} from '@tidemark/core'
import { equalBytes } from '../bytes/bytes.ts'
import type { MediumError } from '../errors/mkvs-errors.ts'
import type { GetCheckpointsRequest, Metadata } from '../record/metadata.ts'
import { readMetadataAt } from './checkpoint-blobs.ts'
import { checkpointPrefix, prefixOfKey } from './layout.ts'
import type { CheckpointList } from './provider.ts'

/**
 * The checkpoints that a request asks for. Goes from directory to directory, so the many chunks
 * in each are not listed. A damaged checkpoint is told apart and hides no other one.
 */
export async function listCheckpoints(
  store: BlobStore,
  request: GetCheckpointsRequest,
  options?: CallOptions,
): AsyncResult<CheckpointList, MediumError> {
  const checkpoints: Metadata[] = []
  const damaged: { key: string; reason: string }[] = []
  const prefix = request.rootVersion === undefined ? '' : `${request.rootVersion}/`
  let startAfter = ''
  for (;;) {
    const next = await nextKey(store, prefix, startAfter, options)
    if (!next.ok) return next
    if (next.value === undefined) return ok({ checkpoints, damaged })
    const directory = prefixOfKey(next.value)
    startAfter = directory === undefined ? next.value : afterDirectory(directory)
    if (directory === undefined) continue
    const key = `${directory}meta`
    const metadata = await readMetadataAt(store, key, options)
    if (!metadata.ok) {
      if (metadata.error.code !== 'CORRUPTED') return metadata
      damaged.push({ key, reason: metadata.error.details.reason })
    } else if (metadata.value !== undefined) {
      const { root } = metadata.value
      if (checkpointPrefix(root) !== directory) {
        damaged.push({ key, reason: 'the metadata of another checkpoint' })
      } else if (equalBytes(root.namespace, request.namespace)) {
        checkpoints.push(metadata.value)
      }
    }
  }
}

async function nextKey(
  store: BlobStore,
  prefix: string,
  startAfter: string,
  options?: CallOptions,
): AsyncResult<string | undefined, MediumError> {
  const after = startAfter === '' ? {} : { startAfter }
  try {
    for await (const { key } of store.list({ ...options, prefix, ...after, limit: 1 })) {
      return ok(key)
    }
    return ok(undefined)
  } catch (thrown) {
    return err(thrownError<ReadError>(thrown))
  }
}

/** The first string in order after everything in a directory: `/` and `0` are neighbours. */
function afterDirectory(directory: string): string {
  return `${directory.slice(0, -1)}0`
}
