import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newerNode } from '@tidemark/test-setup/newer-node'
import { describe, expect, it } from 'vitest'
import { checkHistory } from '../src/testing/index.ts'
import { runRacers } from './processes/run-racers.ts'

const run = promisify(execFile)

const node = await newerNode()

describe.skipIf(node === undefined)('on Node 24', () => {
  it.each(['node:sqlite', 'better-sqlite3'])('the contract holds on %s', async (driver) => {
    const program = fileURLToPath(new URL('processes/run-contract.mjs', import.meta.url))
    const { stdout } = await run(node ?? '', [program, JSON.stringify({ driver })])
    const report: unknown = JSON.parse(stdout)
    expect(report).toMatchObject({ failed: [] })
    expect(stdout).toContain('"node":"v24')
  })

  it('processes on node:sqlite lose no write', async () => {
    const home = await mkdtemp(join(tmpdir(), 'tidemark-race-'))
    const place = { kind: 'node:sqlite', path: join(home, 'raced.db') } as const
    const size = { processes: 4, writers: 4, firsts: 5, updates: 40 }
    const race = await runRacers(place, size, node)
    expect([race.created, ...race.winners.values()]).toEqual([1, 1, 1, 1, 1, 1])
    expect(checkHistory(race.history)).toEqual([])
    expect(race.history).toHaveLength(640)
    await rm(home, { recursive: true })
  })
})
