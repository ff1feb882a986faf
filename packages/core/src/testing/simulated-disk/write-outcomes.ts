import { overlay, type Write } from './disk-image.ts'

/** What a disk writes whole or not at all. */
export const SECTOR_BYTES = 512

/** What a power cut made of one write that was not synced. */
export type WriteOutcome =
  | { readonly kind: 'lost' }
  | { readonly kind: 'applied' }
  /** The file grew, its new bytes are zeros. */
  | { readonly kind: 'size only' }
  /** The bytes before `at` arrived; the file ends there, unless it was longer before. */
  | { readonly kind: 'prefix'; readonly at: number }
  /** The bytes before `at` arrived and the file grew: the rest are zeros, or what was there. */
  | { readonly kind: 'prefix and size'; readonly at: number }
  /** The bytes from `at` arrived. */
  | { readonly kind: 'suffix'; readonly at: number }

/**
 * Everything that can become of a write: first `lost`, then `applied`, then the doubtful ones.
 *
 * It is torn at every sector boundary in it, or at `tears` of them, spread evenly, when it has
 * more.
 */
export function writeOutcomes(write: Write, tears: number): WriteOutcome[] {
  const outcomes: WriteOutcome[] = [{ kind: 'lost' }, { kind: 'applied' }, { kind: 'size only' }]
  for (const at of tearsOf(write, tears)) {
    outcomes.push({ kind: 'prefix', at }, { kind: 'prefix and size', at }, { kind: 'suffix', at })
  }
  return outcomes
}

/** The bytes of the file after that outcome. */
export function applyOutcome(bytes: Uint8Array, write: Write, outcome: WriteOutcome): Uint8Array {
  const { position } = write
  const end = position + write.bytes.length
  switch (outcome.kind) {
    case 'lost':
      return bytes
    case 'applied':
      return overlay(bytes, write)
    case 'size only':
      return grown(bytes, end)
    case 'prefix':
      return overlay(bytes, { position, bytes: write.bytes.subarray(0, outcome.at - position) })
    case 'prefix and size': {
      const head = write.bytes.subarray(0, outcome.at - position)
      return grown(overlay(bytes, { position, bytes: head }), end)
    }
    case 'suffix': {
      const tail = write.bytes.subarray(outcome.at - position)
      return overlay(bytes, { position: outcome.at, bytes: tail })
    }
  }
}

/** Offsets in the file at which the write can be torn. */
function tearsOf({ position, bytes }: Write, limit: number): number[] {
  const first = Math.floor(position / SECTOR_BYTES) + 1
  const count = Math.ceil((position + bytes.length) / SECTOR_BYTES) - first
  if (count <= 0) return []
  const shown = Math.min(count, limit)
  return Array.from({ length: shown }, (_, index) => {
    // Both ends are always among them.
    const sector = shown === 1 ? 0 : Math.round((index * (count - 1)) / (shown - 1))
    return (first + sector) * SECTOR_BYTES
  })
}

function grown(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length >= length) return bytes
  const result = new Uint8Array(length)
  result.set(bytes)
  return result
}
