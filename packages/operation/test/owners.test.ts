import { describe, expect, it } from 'vitest'
import { twoOwners } from './owners.ts'

/** A soak asks for more, from another seed on. */
const SEEDS = Number(process.env['TIDEMARK_SEEDS'] ?? 150)
const FIRST_SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

describe('two owners, with pauses and takeovers', () => {
  it(`publish one at a time and lose nothing acknowledged, in ${SEEDS} schedules`, async () => {
    let [displaced, acknowledged] = [0, 0]
    const faults: string[] = []
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const verdict = await twoOwners(seed)
      displaced += verdict.displaced
      acknowledged += verdict.acknowledged
      if (verdict.fault !== undefined) faults.push(verdict.fault)
    }
    expect(faults).toEqual([])
    process.stdout.write(
      `${SEEDS} schedules from seed ${FIRST_SEED}: ${displaced} displaced, ${acknowledged} acts\n`,
    )
    // The schedules must be interesting: owners are displaced, and still get work done.
    expect(displaced).toBeGreaterThan(SEEDS)
    expect(acknowledged).toBeGreaterThan(SEEDS * 5)
  }, 3_600_000)
})
