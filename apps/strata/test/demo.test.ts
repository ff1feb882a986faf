import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../src/demo/random.ts'
import { CLEAN, git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'

const DEMO = fileURLToPath(new URL('../dist/demo.js', import.meta.url))

/** The made-up history at full length, as everybody gets it. */
const MADE = { seed: 20_170_306, commits: 3000 }

function demo(args: readonly string[]): Promise<{ code: number; stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [DEMO, ...args], { env: CLEAN }, (_, stdout) => {
      resolve({ code: child.exitCode ?? -1, stdout })
    })
  })
}

describe('the demo', () => {
  it('kills a run, lets it resume, and shows that the digests are equal', async () => {
    const path = await madeRepository(700)
    const { code, stdout } = await demo([path])
    expect(code).toBe(0)
    expect(stdout).toMatch(/ killed at commit \d+ of 700\n/u)
    const [, resumedFrom] = / resumed at commit (\d+) of 700\n/u.exec(stdout) ?? []
    expect(Number(resumedFrom)).toBeGreaterThan(0)
    expect(stdout).toContain('digest equals the untouched run ✓')
    const digests = [...stdout.matchAll(/digest ([0-9a-f]{64})/gu)].map(([, digest]) => digest)
    expect(new Set(digests).size).toBe(1)
    expect(stdout).toContain('Hotspots')
    expect(stdout).toContain('Co-change')
    expect(stdout).toContain('Ownership')
    expect(stdout).toMatch(/cli\.js run ~\/your\/repository/u)
    expect(stdout).toMatch(/cli\.js serve ~\/your\/repository/u)
  })

  it('without a path makes a history of 3 000 commits over eight years', async () => {
    const { code, stdout } = await demo([])
    expect(code).toBe(0)
    // In a clone of its own with enough commits it reads that one instead.
    if (!stdout.includes('the repository of Tidemark itself')) {
      expect(stdout).toMatch(/a made-up one of 3 000 commits over eight years, made in \d\.\d s/u)
      expect(stdout).toContain('3 000 commits from 2017-03-06 to 2025-03-0')
    }
    expect(stdout).toContain('digest equals the untouched run ✓')
  })

  it('leaves the repository that it was given as it was', async () => {
    const path = await madeRepository(100)
    const look = (): string => git(path, ['count-objects', '-v']) + git(path, ['for-each-ref'])
    const before = look()
    await demo([path])
    expect(look()).toBe(before)
  })

  it.each([1, 3, 40])('copes with a history of %i commits', async (commits) => {
    const { code, stdout } = await demo([await madeRepository(commits)])
    expect(code).toBe(0)
    expect(stdout).toContain('digest equals the untouched run ✓')
  })

  it('says what is wrong with a path', async () => {
    const path = await scratch()
    const { code, stdout } = await demo([path])
    expect(code).toBe(3)
    expect(stdout).toContain('is not inside a git repository')
  })
})

describe('the made-up history', () => {
  it('is the same for the same seed, and another for another', async () => {
    const tip = async (seed: number): Promise<string> =>
      git(await madeRepository(60, seed), ['rev-parse', 'main'])
    expect(await tip(5)).toBe(await tip(5))
    expect(await tip(5)).not.toBe(await tip(6))
  })

  it('has authors, merges, moves and eight years', async () => {
    const path = await madeRepository(MADE.commits, MADE.seed)
    const count = (args: readonly string[]): number =>
      Number(git(path, ['rev-list', '--count', ...args, 'main']))
    expect(count(['--first-parent'])).toBe(3000)
    expect(count(['--first-parent', '--merges'])).toBeGreaterThan(200)
    expect(git(path, ['shortlog', '-s', 'main']).trim().split('\n').length).toBe(5)
    const dates = git(path, ['log', '--format=%cs', '--first-parent', 'main']).trim().split('\n')
    expect(dates[0]?.slice(0, 7)).toBe('2025-03')
    expect(dates.at(-1)).toBe('2017-03-06')
    expect(git(path, ['fsck', '--no-progress'])).toBe('')
  })

  it('draws evenly from a seed', () => {
    const random = randomFrom(9)
    const seen = new Set(Array.from({ length: 200 }, () => random.between(3, 7)))
    expect(seen).toEqual(new Set([3, 4, 5, 6, 7]))
  })
})
