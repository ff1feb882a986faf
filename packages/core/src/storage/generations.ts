import type { CallOptions } from '../blob/blob-store.ts'
import type { CommitLog } from '../log/commit-log.ts'
import { decodeManifest } from './manifest.ts'
import { isCheckpoint, type Newest } from './newest.ts'
import type { GenerationInfo } from './storage.ts'

/** The generations of an identifier since it was last removed, newest first, damaged ones too. */
export async function listGenerations(
  log: CommitLog,
  identifier: string,
  newest: Newest,
  options?: CallOptions,
): Promise<GenerationInfo[]> {
  const found: GenerationInfo[] = []
  const after = (newest.live?.manifest.born ?? 1) - 1
  const onDamage = (damage: {
    seq: number
    error: NonNullable<GenerationInfo['damage']>
  }): void => {
    found.push({ identifier, generation: damage.seq, damage: damage.error })
  }
  for await (const record of log.records({ ...options, reverse: true, after, onDamage })) {
    if (!isCheckpoint(record)) continue
    const generation = record.seq
    const manifest = decodeManifest(record.payload, identifier)
    if (manifest.ok) {
      const { committedAtMs, metadata } = manifest.value
      found.push({ identifier, generation, committedAt: new Date(committedAtMs), metadata })
    } else found.push({ identifier, generation, damage: manifest.error })
  }
  return found.sort((a, b) => b.generation - a.generation)
}
