import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const seed = process.env['TIDEMARK_SEED'] ?? '1'
const KILLS = 30

test(`a restore, creation or deletion killed at ${KILLS} random instants goes on to the same end`, () => {
  const script = fileURLToPath(new URL('../soak/kills.mjs', import.meta.url))
  const args = [script, '--seed', seed, '--kills', `${KILLS}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toMatch(/ 0 violations\n$/)
  expect(stdout).not.toMatch(/ of 0 restores|, 0 creations|\(0 went on/)
  expect(status).toBe(0)
  process.stdout.write(stdout)
}, 300_000)
