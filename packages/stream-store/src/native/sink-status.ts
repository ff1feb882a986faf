import { coreError, err, ok } from '@tidemark/core'
import type { CheckpointManifest, SinkCommitStatus } from '../manifest/manifest.ts'
import type { Plan } from './ledger.ts'

/** The manifest with what sinks did, merged. A sink that committed cannot un-commit. */
export function mergeStatuses(
  manifest: CheckpointManifest,
  statuses: Readonly<Record<string, SinkCommitStatus>> | ReadonlyMap<string, SinkCommitStatus>,
): Plan<CheckpointManifest> {
  const merged = new Map(manifest.sinkCommitStatuses)
  const given = statuses instanceof Map ? [...statuses] : Object.entries(statuses)
  for (const [sink, status] of given) {
    if (merged.get(sink) === 'committed' && status !== 'committed') {
      const message = `sink ${JSON.stringify(sink)} has committed; that cannot be taken back`
      const details = { identifier: String(manifest.checkpointId), reason: 'changed' } as const
      return err(coreError('CONFLICT', message, details))
    }
    merged.set(sink, status)
  }
  return ok({ value: { ...manifest, sinkCommitStatuses: merged } })
}
