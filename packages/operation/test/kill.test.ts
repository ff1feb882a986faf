import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { openOperation, runOperation } from '../src/file/index.ts'
import { runKilled, runToEnd } from './kill.ts'

/** A soak asks for 100. */
const KILLS = Number(process.env['TIDEMARK_KILLS'] ?? 12)
const SEED = Number(process.env['TIDEMARK_SEED'] ?? Date.now() % 1_000_000)
const STEPS = 200

describe('a script that is started twice', () => {
  it('is locked out while the other one lives, and in as soon as it has ended', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tidemark-twice-'))
    const options = { dir: join(dir, 'store'), name: 'killed', staleAfterMs: 400 }
    const op = unwrap(await openOperation(options))
    expect(await runToEnd(dir, 3)).toMatch(/LOCKED|is held by/)
    await op.close()
    expect(await runToEnd(dir, 3)).toContain('result 3')
    rmSync(dir, { recursive: true })
  }, 60_000)

  it('is refused before anything is made when it makes no sense', async () => {
    const dir = join(tmpdir(), `tidemark-none-${process.pid}`)
    const bad = { dir, name: '' }
    expect(await openOperation(bad)).toMatchObject({ error: { code: 'INVALID_IDENTIFIER' } })
    const run = await runOperation({ dir, name: 'x', graceMs: -1 }, async () => undefined)
    expect(run).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } })
    expect(existsSync(dir)).toBe(false)
  })
})

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
