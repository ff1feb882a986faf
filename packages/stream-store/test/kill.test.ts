import { expect, it } from 'vitest'
import { killInTurn } from './support/kills.mjs'

const SEED = Number(process.env['TIDEMARK_SOAK_SEED'] ?? 1)
const KILLS = 24

it.each(['native', 'of the original'])(
  `layout %s: ${KILLS} processes that save are killed, and nothing acknowledged is lost`,
  async (layout) => {
    const { violations, acknowledged } = await killInTurn(layout, KILLS, SEED)
    expect(violations).toEqual([])
    // Each kill met a process that was really saving.
    expect(acknowledged).toBeGreaterThan(KILLS)
    process.stdout.write(
      `kills in layout ${layout}: ${KILLS} (seed ${SEED}), ${acknowledged} saves acknowledged\n`,
    )
  },
  300_000,
)
