import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { openOperation } from '../src/file/index.ts'
import { runKilled } from './kill.ts'

/** A soak asks for 100. */
const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? 12)
const SEED = Number(process.env['TIDEMARK_SEED'] ?? Date.now() % 1_000_000)
const STEPS = 200

describe('a script that is killed', () => {
  it(`${KILLS} times runs each step at least once and records one result`, async () => {
    process.stdout.write(`seed ${SEED}\n`)
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-kill-'))
    const random = seededRandom(SEED)
    const { kills, result, effects } = await runKilled(dir, { steps: STEPS, kills: KILLS, random })
    // All of them hit a run that was under way.
    expect(kills).toBe(KILLS)
    expect(Number(result)).toBe((STEPS * (STEPS - 1)) / 2)
    expect([...effects.keys()].sort((a, b) => a - b)).toEqual(
      Array.from({ length: STEPS }, (_, i) => i),
    )
    // Only a step that was cut off by a kill ran again, and under the same key.
    const executions = [...effects.values()].reduce((sum, { length }) => sum + length, 0)
    expect(executions).toBeLessThanOrEqual(STEPS + kills)
    for (const keys of effects.values()) expect(new Set(keys).size).toBe(1)
    expect(new Set([...effects.values()].flat()).size).toBe(STEPS)
    const reader = unwrap(
      await openOperation({ dir: join(dir, 'store'), name: 'killed', mode: 'read' }),
    )
    const { state, steps } = unwrap(await reader.status())
    expect({ state, steps }).toEqual({ state: 'completed', steps: STEPS })
    await reader.close()
    rmSync(dir, { recursive: true })
  }, 600_000)
})
