import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ACTS } from '../src/chaos/chaos-view.ts'
import type { ChaosResult } from '../src/chaos/chaos.ts'
import { CLEAN, emptyRepository, git } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { strata } from './support/strata.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? Date.now() % 1_000_000)

async function broken(seed: number): Promise<ChaosResult> {
  const ended = await strata(['chaos', '--seed', String(seed), '--json'])
  expect(ended.code).toBe(0)
  // oxlint-disable-next-line typescript/no-unsafe-return -- its fields are what the test looks at
  return JSON.parse(ended.stdout)
}

describe(`chaos (TIDEMARK_SEED=${SEED})`, () => {
  it('is survived, whatever is broken: each act by the error and the package that it says', async () => {
    const { acts, survived, untouched } = await broken(SEED)
    expect(survived).toBe(true)
    expect(acts.map(({ act }) => act)).toEqual(ACTS)
    const found = acts.map(({ act, error, caughtBy }) => [act, error?.code, caughtBy])
    expect(found).toEqual([
      ['kill', undefined, '@tidemark/stream-store'],
      ['flip-state', 'corrupt', '@tidemark/stream-store'],
      ['truncate-record', 'corrupt', '@tidemark/stream-store'],
      ['delete-record', undefined, 'strata, by the record of @tidemark/operation'],
      ['swap-chunks', 'CHUNK_CORRUPTED', '@tidemark/mkvs-chunks'],
      ['lie-about-chunks', 'CHUNK_PROOF_VERIFICATION_FAILED', '@tidemark/mkvs-chunks'],
      ['tamper-settings', 'AUTHENTICATION_FAILED', '@tidemark/wrappers: hmac'],
      ['old-report', 'ROLLBACK_DETECTED', '@tidemark/wrappers: hmac'],
      [
        'force-push',
        'ROLLBACK_DETECTED',
        'strata, by the root that @tidemark/log-persistence kept',
      ],
    ])
    for (const { act, digest } of acts) {
      if (act === 'force-push') expect(digest).not.toBe(untouched)
      else expect(digest).toBe(untouched)
    }
  })

  it('never touches a repository of the user, even when the surroundings point at it', async () => {
    const own = await emptyRepository()
    git(own, [...WHO, 'commit', '--quiet', '--allow-empty', '-m', 'x'])
    const look = (): string => git(own, ['for-each-ref']) + git(own, ['count-objects', '-v'])
    const before = look()
    const temporary = await scratch()
    const run = await strata(['chaos', '--act', 'force-push', '--seed', '3', '--json'], {
      env: { ...CLEAN, TMPDIR: temporary, GIT_DIR: join(own, '.git'), GIT_WORK_TREE: own },
      cwd: own,
    })
    expect(run.code).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ seed: 3, survived: true })
    expect(look()).toBe(before)
    // Nothing is left behind.
    expect(await readdir(temporary)).toEqual([])
  })

  it('understands its command line', async () => {
    expect((await strata(['chaos', '--act', 'nothing'])).code).toBe(2)
    expect((await strata(['chaos', '--seed', '-1'])).code).toBe(2)
  })
})

const WHO = ['-c', 'user.name=x', '-c', 'user.email=x@example.com']
