import { coreError, err, ok } from '@tidemark/core'
import { entriesOf, type Named } from '../manifest/create-manifest.ts'
import type { CheckpointManifest, SinkCommitStatus } from '../manifest/manifest.ts'
import type { Plan } from './ledger.ts'

/** The manifest with what sinks did, merged. A sink that committed cannot un-commit. */
export function mergeStatuses(
  manifest: CheckpointManifest,
  statuses: Named<SinkCommitStatus>,
): Plan<CheckpointManifest> {
  const merged = new Map(manifest.sinkCommitStatuses)
  for (const [sink, status] of entriesOf(statuses)) {
    if (merged.get(sink) === 'committed' && status !== 'committed') {
      const message = `sink ${JSON.stringify(sink)} has committed; that cannot be taken back`
      const details = { identifier: String(manifest.checkpointId), reason: 'changed' } as const
      return err(coreError('CONFLICT', message, details))
    }
    merged.set(sink, status)
  }
  return ok({ value: { ...manifest, sinkCommitStatuses: merged } })
}
