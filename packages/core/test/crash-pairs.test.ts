import { describe, expect, it } from 'vitest'
import type { CrashReport } from '../src/testing/simulated-disk/index.ts'
import { create, LONG, proveBlobs, put, remove, type Step } from './crash/blob-steps.ts'
import { addReports, EFFORT, say } from './crash/crash-proof.ts'

describe('after a power cut, whenever it comes', () => {
  it('every pair of changes leaves each key old or new', async () => {
    const changes = (key: string, value: string): Step[] => [
      put(key, value),
      create(key, value),
      remove(key),
    ]
    const reports: CrashReport[] = []
    for (const other of ['d/a', 'd/b', 'e/c']) {
      for (const one of changes('d/a', 'one')) {
        for (const two of changes(other, LONG.slice(0, 700))) {
          for (const first of [[], [put('d/a', 'zero')]]) {
            for (const atOnce of [false, true]) {
              reports.push(await proveBlobs({ first, steps: [one, two], atOnce }))
            }
          }
        }
      }
    }
    say(`${reports.length} pairs of put, create and delete`, addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })

  it('many puts at once into one directory leave each key old or new', async () => {
    const steps = ['d/a', 'd/b', 'd/c', 'd/d'].flatMap((key) => [
      put(key, `first of ${key}`),
      create(key, `second of ${key}`),
      put(key, `third of ${key}`),
    ])
    const report = await proveBlobs({ steps, atOnce: true, limit: 1_200 * EFFORT })
    say('twelve puts at once', report)
    expect(report.states).toBeGreaterThan(20_000)
  })
})
