import { describe, expect, it } from 'vitest'
import { twoOwners } from './owners.ts'

const SEEDS = 150

describe('two owners, with pauses and takeovers', () => {
  it(`publish one at a time and lose nothing acknowledged, in ${SEEDS} schedules`, async () => {
    let [takeovers, acknowledged] = [0, 0]
    const faults: string[] = []
    for (let seed = 1; seed <= SEEDS; seed++) {
      const verdict = await twoOwners(seed)
      takeovers += verdict.takeovers
      acknowledged += verdict.acknowledged
      if (verdict.fault !== undefined) faults.push(verdict.fault)
    }
    expect(faults).toEqual([])
    // The schedules must be interesting: owners are displaced, and still get work done.
    expect(takeovers).toBeGreaterThan(SEEDS * 4)
    expect(acknowledged).toBeGreaterThan(SEEDS * 5)
  })
})
