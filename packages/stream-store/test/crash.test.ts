import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { crashStates, processCrash, SimulatedDisk, type CrashReport } from '@tidemark/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStreamStore } from '../src/index.ts'
import { layouts, manifestOf, stateOf, type OpenLayout } from './support/layouts.ts'
import { compareBytes } from './support/media.ts'

/**
 * Up to so many states of one cut are all looked at: twelve unsynced effects and more. Of more, so
 * many are drawn. Both layouts are looked at like that in the long runs, here the native one.
 */
const ALL = 20_000
const SOAK = process.env['TIDEMARK_SOAK_STATES']
const SEED = Number(process.env['TIDEMARK_SOAK_SEED'] ?? 1)
const LIMITS: Readonly<Record<string, number>> = {
  native: Number(SOAK ?? ALL),
  'of the original': Number(SOAK ?? 20),
}

/** A soak takes its time. */
const TIMEOUT_MS = 7_200_000

const stateFor = (id: bigint) => stateOf(Number(id))

// Most errors of a disk say that there is no such file, and the stack of each costs 20 µs.
const { stackTraceLimit } = Error
beforeAll(() => void (Error.stackTraceLimit = 0))
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))

/** Saves as a stream processor would, and writes down what was acknowledged. */
async function run(open: OpenLayout, disk: SimulatedDisk, ids: readonly bigint[]): Promise<void> {
  const store = await open(disk.fileSystem())
  for (const id of ids) {
    disk.mark(`begun ${id}`)
    const saved = await store.saveWithState(manifestOf(id, Number(id) * 3), [stateFor(id)])
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
async function judge(open: OpenLayout, disk: SimulatedDisk, marks: readonly string[], why: string) {
  const [saved, begun] = [highest(marks, 'saved'), highest(marks, 'begun')]
  const store = await open(disk.fileSystem())
  const report = unwrap(await store.recoverLatestValidated())
  const chosen = report.chosenId ?? 0n
  expect(chosen >= saved && chosen <= begun, `${chosen} of ${saved}..${begun}\n${why}`).toBe(true)
  for (const { checkpointId } of unwrap(await store.list())) {
    expect(
      unwrap(await store.loadStateData(checkpointId)),
      `state of ${checkpointId}`,
    ).toBeDefined()
  }
  if (chosen > 0n) {
    expect(unwrap(await store.loadLatest())?.watermark).toBe(chosen * 3n)
    const state = unwrap(await store.loadStateData(chosen))
    expect(state !== undefined && compareBytes(state, stateFor(chosen)) === 0).toBe(true)
  }
  const next = begun + 1n
  unwrap(await store.saveWithState(manifestOf(next, Number(next) * 3), [stateFor(next)]))
  expect(unwrap(await store.recoverLatestValidated()).chosenId).toBe(next)
  await store.close()
}

it(
  'a power cut while slots are committed leaves the checkpoint with all of them, or without',
  async () => {
    const disk = new SimulatedDisk()
    const open = async (on: SimulatedDisk) => {
      const store = unwrap(await FileBlobStore.open('/s', { fileSystem: on.fileSystem() }))
      return unwrap(await openStreamStore({ store, closeMedium: true }))
    }
    const store = await open(disk)
    const slots = { small: stateOf(1), large: stateOf(2) }
    const writer = unwrap(store.begin())
    for (const [name, bytes] of Object.entries(slots)) unwrap(await writer.put(name, bytes))
    unwrap(await writer.commit())
    disk.mark('saved 1')
    await store.close()
    const states = crashStates(disk, { limit: ALL, seed: SEED })
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
    say('slots that are committed', states.report)
    expect(states.report).toMatchObject({ exhaustive: true })
  },
  TIMEOUT_MS,
)

describe.each(Object.entries(layouts))('a power cut, in the layout %s,', (name, layout) => {
  const limit = LIMITS[name] ?? ALL

  it.each([
    ['the first save ever', [], [1n]],
    ['a save with state of its own file', [1n], [2n]],
    ['a save that prunes', [1n, 2n, 3n], [4n]],
    ['two saves, one after the other', [1n], [2n, 3n]],
  ])(
    'during %s loses nothing that was acknowledged',
    async (during, before, ids) => {
      const disk = new SimulatedDisk()
      if (before.length > 0) await run(layout, disk, before)
      const from = before.length === 0 ? 0 : disk.journal.length
      await run(layout, disk, ids)
      const states = crashStates(disk, { from, limit, seed: SEED })
      for (const state of states) {
        await judge(layout, state.disk, state.marks, `${name}: ${state.explain().join('\n')}`)
      }
      say(`${during}, layout ${name}`, states.report)
      expect(states.report.states).toBeGreaterThan(80)
      if (name === 'native') expect(states.report).toMatchObject({ exhaustive: true })
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

function say(what: string, { states, exhaustive, seed }: CrashReport): void {
  const how = exhaustive ? 'all of them' : `sampled, seed ${seed}`
  process.stdout.write(`crash states of ${what}: ${states}, ${how}\n`)
}
