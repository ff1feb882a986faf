import { coreError, err, ok, unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { newCheckpointer } from '../src/index.ts'
import { fakeCreator, manualClock, rootAt, settle, type Case } from './support/checkpointers.ts'
import { memoryDb } from './support/harness.ts'
import { vectors } from './support/vectors.ts'

describe('schedule', () => {
  const { cases } = vectors<{ cases: readonly Case[] }>('checkpointer.json')
  test.each(cases.map((c) => [c.name, c] as const))('%s', async (_, c) => {
    const { creator, calls, held } = fakeCreator(c)
    const db = await memoryDb()
    Object.defineProperty(db, 'earliestVersion', { value: BigInt(c.earliestVersion) })
    const clock = manualClock()
    const [from, to] = c.rootsAvailableFromTo
    const checkpointer = unwrap(
      newCheckpointer({
        name: 'vector',
        db,
        creator,
        clock,
        checkIntervalMs: 1000,
        countPartial: true,
        rootsPerVersion: c.rootsPerVersion,
        parameters: {
          interval: BigInt(c.interval),
          numKept: c.numKept,
          chunkSize: 1,
          initialVersion: BigInt(c.initialVersion),
        },
        getRoots: async (version) =>
          version < from || version > to
            ? err(coreError('IO_FAILED', 'version not found', { operation: 'roots' }))
            : ok(Array.from({ length: c.rootsPerVersion }, (_, i) => rootAt(Number(version), i))),
      }),
    )
    if (c.force === true) checkpointer.forceCheckpoint(BigInt(c.notifiedVersion))
    else checkpointer.notifyNewVersion(BigInt(c.notifiedVersion))
    clock.tick()
    await settle(checkpointer)
    expect(calls).toEqual(c.expectedCalls)
    const versions = [...new Set([...held.values()].map((root) => Number(root.version)))]
    expect(versions.sort((a, b) => a - b)).toEqual(c.expectedVersionsAfter)
    expect(checkpointer.status().failures > 0).toBe(
      c.expectedError !== undefined || c.name === 'roots unavailable stops',
    )
    await checkpointer.close()
  })
})
