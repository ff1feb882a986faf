import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { crashStates, processCrash, SimulatedDisk } from '@tidemark/core/testing'
import { describe, expect, it } from 'vitest'
import { openLaminarStore } from '../src/file/index.ts'
import { createManifest, openStreamStore, type CheckpointStore } from '../src/index.ts'
import { compareBytes } from './support/media.ts'

/** How many states of one cut are looked at when there are more; the soak looks at thousands. */
const LIMIT = Number(process.env['TIDEMARK_SOAK_STATES'] ?? 12)
const SEED = Number(process.env['TIDEMARK_SOAK_SEED'] ?? 1)

/** A soak takes its time. */
const TIMEOUT_MS = 3_600_000

const stateOf = (id: bigint) => new Uint8Array(id % 2n === 0n ? 70_000 : 300).fill(Number(id))
const manifestOf = (id: bigint) =>
  createManifest({ checkpointId: id, epoch: id, timestampMs: 1, watermark: id * 3n })

interface Layout {
  readonly open: (
    disk: SimulatedDisk,
    mode?: 'read' | 'write',
  ) => Promise<CheckpointStore & { close: () => Promise<void> }>
}

/** Lost answers are settled at once: nobody sleeps on a simulated disk. */
const log = { settle: { attempts: 3, pauseMs: 0, sleep: async () => undefined } }

const layouts: Record<string, Layout> = {
  native: {
    open: async (disk, mode = 'write') => {
      const store = unwrap(await FileBlobStore.open('/s', { fileSystem: disk.fileSystem() }))
      const options = { keep: 2, graceMs: 0, orphanMinAgeMs: 0, closeMedium: true, mode, log }
      return unwrap(await openStreamStore({ store, ...options }))
    },
  },
  'of the original': {
    open: async (disk) => {
      const nowMs = () => Infinity
      const options = { dir: '/s', maxRetained: 2, orphanMinAgeMs: 0, nowMs }
      return unwrap(await openLaminarStore({ ...options, fileSystem: disk.fileSystem() }))
    },
  },
}

/** Saves as a stream processor would, and writes down what was acknowledged. */
async function run(layout: Layout, disk: SimulatedDisk, ids: readonly bigint[]): Promise<void> {
  const store = await layout.open(disk)
  for (const id of ids) {
    disk.mark(`begun ${id}`)
    const saved = await store.saveWithState(manifestOf(id), [stateOf(id)])
    if (saved.ok) disk.mark(`saved ${id}`)
  }
  await store.close()
}

const highest = (marks: readonly string[], what: string) =>
  marks
    .filter((mark) => mark.startsWith(what))
    .map((mark) => BigInt(mark.split(' ')[1] ?? 0))
    .reduce((a, b) => (a > b ? a : b), 0n)

/** What must hold on any disk that a crash left, and after going on from there. */
async function judge(layout: Layout, disk: SimulatedDisk, marks: readonly string[], why: string) {
  const [saved, begun] = [highest(marks, 'saved'), highest(marks, 'begun')]
  const store = await layout.open(disk)
  const report = unwrap(await store.recoverLatestValidated())
  const chosen = report.chosenId ?? 0n
  expect(chosen >= saved && chosen <= begun, `${chosen} of ${saved}..${begun}\n${why}`).toBe(true)
  if (chosen > 0n) {
    expect(unwrap(await store.loadLatest())?.watermark).toBe(chosen * 3n)
    const state = unwrap(await store.loadStateData(chosen))
    expect(state !== undefined && compareBytes(state, stateOf(chosen)) === 0).toBe(true)
  }
  const next = begun + 1n
  unwrap(await store.saveWithState(manifestOf(next), [stateOf(next)]))
  expect(unwrap(await store.recoverLatestValidated()).chosenId).toBe(next)
  await store.close()
}

it(
  'a power cut while slots are committed leaves the checkpoint with all of them, or without',
  async () => {
    const disk = new SimulatedDisk()
    const open = async (on: SimulatedDisk) => {
      const store = unwrap(await FileBlobStore.open('/s', { fileSystem: on.fileSystem() }))
      return unwrap(await openStreamStore({ store, closeMedium: true, log }))
    }
    const store = await open(disk)
    const slots = { small: stateOf(1n), large: stateOf(2n) }
    const writer = unwrap(store.begin())
    for (const [name, bytes] of Object.entries(slots)) unwrap(await writer.put(name, bytes))
    unwrap(await writer.commit())
    disk.mark('saved 1')
    await store.close()
    const states = crashStates(disk, { limit: 4 * LIMIT, seed: SEED })
    for (const { disk: left, marks } of states) {
      const found = await open(left)
      const state = unwrap(await found.openState(1n))
      if (state === undefined) expect(marks).not.toContain('saved 1')
      else {
        for (const [name, bytes] of Object.entries(slots)) {
          expect(compareBytes(unwrap(await state.bytes(name)), bytes)).toBe(0)
        }
        await state.close()
      }
      await found.close()
    }
    expect(states.report.states).toBeGreaterThan(10)
  },
  TIMEOUT_MS,
)

describe.each(Object.entries(layouts))('a power cut, in the layout %s,', (name, layout) => {
  it.each([
    ['the first save ever', [], [1n]],
    ['a save with state of its own file', [1n], [2n]],
    ['a save that prunes', [1n, 2n, 3n], [4n]],
    ['two saves, one after the other', [1n], [2n, 3n]],
  ])(
    'during %s loses nothing that was acknowledged',
    async (_, before, ids) => {
      const disk = new SimulatedDisk()
      if (before.length > 0) await run(layout, disk, before)
      const from = before.length === 0 ? 0 : disk.journal.length
      await run(layout, disk, ids)
      const states = crashStates(disk, { from, limit: LIMIT, seed: SEED })
      for (const state of states) {
        await judge(layout, state.disk, state.marks, `${name}: ${state.explain().join('\n')}`)
      }
      expect(states.report.states).toBeGreaterThan(10)
      process.stdout.write(`${name}, ${_}: ${JSON.stringify(states.report)}\n`)
    },
    TIMEOUT_MS,
  )

  it('or the death of the process, at every call, loses nothing either', async () => {
    const disk = new SimulatedDisk()
    await run(layout, disk, [1n, 2n, 3n])
    for (let cut = 0; cut <= disk.journal.length; cut++) {
      const marks = disk.journal
        .slice(0, cut)
        .flatMap(({ call, path }) => (call === 'mark' ? [path] : []))
      await judge(layout, processCrash(disk, cut), marks, `cut at ${cut}`)
    }
  })

  it('a disk that fails at any call loses nothing that was acknowledged', async () => {
    const healthy = new SimulatedDisk()
    await run(layout, healthy, [1n, 2n, 3n])
    for (const error of ['EIO', 'ENOSPC'] as const) {
      for (let index = 0; index < healthy.calls; index++) {
        const disk = new SimulatedDisk()
        disk.failAt(index, error)
        await run(layout, disk, [1n, 2n, 3n]).catch(() => undefined)
        disk.clearFaults()
        const marks = disk.journal.flatMap(({ call, path }) => (call === 'mark' ? [path] : []))
        await judge(layout, disk, marks, `${error} at ${index}`)
        expect(disk.openHandles).toEqual([])
      }
    }
  })
})
