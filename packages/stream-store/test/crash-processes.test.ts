import { unwrap } from '@tidemark/core'
import { crashStates, SimulatedDisk, type CrashState, type Scheduler } from '@tidemark/core/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layouts, manifestOf, stateOf, type OpenLayout } from './support/layouts.ts'
import { compareBytes } from './support/media.ts'
import { pauseA, randomTurns, takeTurns, type Turn } from './support/two-processes.ts'

/** Of each cut up to so many states; the long runs look at more, in far more orders. */
const SOAK = process.env['TIDEMARK_SOAK_STATES']
const LIMIT = SOAK === undefined ? 3 : 60
const SEED = Number(process.env['TIDEMARK_SOAK_SEED'] ?? 1)

/** A pause of A is tried every so many calls, and so many orders are drawn. */
const STRIDE = SOAK === undefined ? 53 : 7
const DRAWN = SOAK === undefined ? 1 : 10
const TIMEOUT_MS = 7_200_000

/** Everything stays: so every acknowledged checkpoint must be there. */
const KEEP = 100

const { stackTraceLimit } = Error
beforeAll(() => void (Error.stackTraceLimit = 0))
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit))

/** One process: opens the store, saves, sweeps, saves again, and says what it was told. */
async function work(open: OpenLayout, disk: SimulatedDisk, name: 'A' | 'B', gate: Scheduler) {
  const store = await open(disk.fileSystem(name, gate), KEEP).catch(() => undefined)
  if (store === undefined) return
  disk.mark(`opened ${name}`)
  for (const [n, id] of (name === 'A' ? [2n, 4n] : [3n, 4n]).entries()) {
    const attempt = Number(id) * 10 + (name === 'A' ? 0 : 1)
    const isOver = name === 'A' && disk.journal.some(({ path }) => path === 'opened B')
    disk.mark(`begun ${id} ${attempt}`)
    const saved = await store.saveWithState(manifestOf(id, attempt), [stateOf(attempt + n)])
    if (saved.ok) {
      disk.mark(`saved ${id} ${attempt}`)
      expect(isOver && didOpenFirst(disk), `${name} saved ${id} after B took over`).toBe(false)
    }
    void (await store.cleanupOrphans())
  }
  await store.close()
}

/** Whether A, too, had opened before B: only then did B take the store over from it. */
function didOpenFirst({ journal }: SimulatedDisk): boolean {
  const at = (name: string) => journal.findIndex(({ path }) => path === `opened ${name}`)
  return at('A') !== -1 && at('A') < at('B')
}

/** What was said of each id: the attempts there were, and the one that was acknowledged. */
function heard(marks: readonly string[]) {
  const begun = new Map<bigint, Set<number>>([[1n, new Set([10])]])
  const saved = new Map<bigint, number>([[1n, 10]])
  for (const [what, id = '0', attempt] of marks.map((mark) => mark.split(' '))) {
    const key = BigInt(what === 'opened' ? 0 : id)
    if (what === 'begun') begun.set(key, (begun.get(key) ?? new Set()).add(Number(attempt)))
    if (what === 'saved') saved.set(key, Number(attempt))
  }
  return { begun, saved }
}

async function judge(open: OpenLayout, { disk, marks }: CrashState): Promise<void> {
  const { begun, saved } = heard(marks)
  const store = await open(disk.fileSystem(), KEEP)
  const ids = unwrap(await store.list()).map(({ checkpointId }) => checkpointId)
  for (const [id, attempt] of saved) {
    expect(ids, `${id} was acknowledged`).toContain(id)
    expect(Number(unwrap(await store.loadById(id))?.watermark)).toBe(attempt)
  }
  for (const id of ids) {
    const attempt = Number(unwrap(await store.loadById(id))?.watermark)
    expect([...(begun.get(id) ?? [])], `${id} was begun`).toContain(attempt)
    const second = id === 4n ? 1 : 0
    const state = unwrap(await store.loadStateData(id))
    const isWhole = state !== undefined && compareBytes(state, stateOf(attempt + second)) === 0
    expect(isWhole, `state of ${id}`).toBe(true)
  }
  const report = unwrap(await store.recoverLatestValidated())
  expect(report.chosenId).toBe(ids.at(-1))
  const next = 9n
  unwrap(await store.saveWithState(manifestOf(next, 90), [stateOf(90)]))
  expect(unwrap(await store.recoverLatestValidated()).chosenId).toBe(next)
  await store.close()
}

async function baseOf(open: OpenLayout): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk()
  const store = await open(disk.fileSystem(), KEEP)
  unwrap(await store.saveWithState(manifestOf(1n, 10), [stateOf(10)]))
  await store.close()
  return disk
}

/** Runs both in these turns, cuts the power everywhere, and looks at what is left. */
async function proveTurns(
  open: OpenLayout,
  base: SimulatedDisk,
  turns: readonly Turn[],
  limit: number,
) {
  const disk = base.withNodes(durable(base))
  const start = (gate: Scheduler) => [work(open, disk, 'A', gate), work(open, disk, 'B', gate)]
  const counts = await takeTurns(start, turns)
  const states = crashStates(disk, { limit, seed: SEED })
  for (const state of states) {
    try {
      await judge(open, state)
    } catch (error) {
      const story = `${JSON.stringify(turns)}\ncut at ${state.cut}\n${state.explain().join('\n')}`
      throw new Error(story, { cause: error })
    }
  }
  return { counts, states: states.report.states }
}

/** The base as it is after its last call, all of it durable. */
function durable(base: SimulatedDisk) {
  for (const { disk, cut } of crashStates(base, { from: base.journal.length, limit: 20_000 })) {
    if (cut === base.journal.length) return disk.start
  }
  return base.start
}

describe.each(Object.entries(layouts))('two processes, in the layout %s,', (name, open) => {
  it(
    'after a power cut at any step of both, find all that either was told',
    async () => {
      const base = await baseOf(open)
      const alone = await proveTurns(open, base, [], 1)
      const orders = []
      for (let at = SEED % STRIDE; at <= alone.counts.A; at += STRIDE) orders.push(pauseA(at))
      for (let n = 0; n < DRAWN; n++) orders.push(randomTurns(SEED * 1_000 + n))
      let states = alone.states
      for (const turns of orders) states += (await proveTurns(open, base, turns, LIMIT)).states
      process.stdout.write(
        `crash states of two processes, layout ${name}: ${states} in ${orders.length} orders, seed ${SEED}\n`,
      )
      expect(states).toBeGreaterThan(300)
    },
    TIMEOUT_MS,
  )
})
