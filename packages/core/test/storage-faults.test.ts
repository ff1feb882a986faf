import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  isTidemarkError,
  MemoryBlobStore,
  openStorage,
  unwrap,
  type BlobStore,
  type CheckpointStorage,
  type Result,
} from '../src/index.ts'
import { drain } from '../src/testing/check.ts'
import { FaultyBlobStore, type Fault } from '../src/testing/index.ts'

const LARGE = new Uint8Array(100_000).fill(7)
const REPLACE = { ifExists: 'replace' } as const

/** Something that a caller does, on a medium where something is already. */
interface Scenario {
  readonly name: string
  readonly before: (storage: CheckpointStorage) => Promise<unknown>
  readonly act: (storage: CheckpointStorage) => Promise<Result<unknown, unknown>>
  /** What may be answered when it is done again after it was done already. */
  readonly again?: readonly string[]
}

async function draftAndCommit(storage: CheckpointStorage, value: number) {
  const draft = await storage.createCheckpoint('a', REPLACE)
  if (!draft.ok) return draft
  for (const [key, bytes] of [
    ['x', value],
    ['big', LARGE],
  ] as const) {
    const put = await draft.value.put(key, bytes)
    if (put.ok) continue
    await draft.value.abort()
    return put
  }
  const committed = await draft.value.commit()
  if (committed.ok) await committed.value.close()
  else await draft.value.abort()
  return committed
}

async function readAll(storage: CheckpointStorage) {
  const loaded = await storage.loadCheckpoint('a')
  if (!loaded.ok) return loaded
  const [small, big] = [await loaded.value.get('x'), await loaded.value.getBytes('big')]
  await loaded.value.close()
  return small.ok ? big : small
}

const nothing = async (): Promise<void> => undefined
const saved = (storage: CheckpointStorage) => storage.save('a', { x: 1, big: LARGE }, REPLACE)
const savedTwice = async (storage: CheckpointStorage) => {
  unwrap(await saved(storage))
  unwrap(await saved(storage))
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'the first save',
    before: nothing,
    act: (storage) => storage.save('a', { x: 1 }),
    again: ['CHECKPOINT_ALREADY_EXISTS'],
  },
  { name: 'a replacing save', before: saved, act: (one) => one.save('a', { x: 2 }, REPLACE) },
  {
    name: 'a save that expects a generation',
    before: saved,
    act: (one) => one.save('a', { x: 2 }, { expect: 1 }),
    again: ['CONFLICT'],
  },
  { name: 'a draft with a large entry', before: nothing, act: (one) => draftAndCommit(one, 1) },
  { name: 'a draft that replaces', before: saved, act: (one) => draftAndCommit(one, 2) },
  {
    name: 'a draft whose commit is repeated after it failed',
    before: saved,
    act: async (one) => {
      const draft = await one.createCheckpoint('a', REPLACE)
      if (!draft.ok) return draft
      const put = await draft.value.put('x', 2)
      const first = put.ok ? await draft.value.commit() : put
      const isUndone = !first.ok && first.error.kind === 'unavailable'
      const committed = isUndone ? await draft.value.commit() : first
      if (committed.ok && committed.value !== undefined) await committed.value.close()
      else await draft.value.abort()
      return committed
    },
  },
  { name: 'a load', before: saved, act: readAll },
  {
    name: 'a removal',
    before: savedTwice,
    act: (one) => one.removeCheckpoint('a'),
    again: ['CHECKPOINT_NOT_FOUND'],
  },
  { name: 'a gc', before: savedTwice, act: (one) => one.gc() },
  { name: 'a verify', before: savedTwice, act: (one) => one.verify() },
]

/** Codes that may come of a medium that fails. Anything else would mislead the caller. */
const LISTED = ['IO_FAILED', 'NO_SPACE', 'OUTCOME_UNKNOWN']

const FAULTS: readonly Fault[] = ['failed', 'full', 'dropped', 'lost']

async function open(medium: BlobStore, guard: boolean): Promise<CheckpointStorage> {
  return openStorage(medium, { guard, keepLast: 1, now: () => 0 })
}

/** Everything a stranger can read: whole, or this throws. */
async function stateOf(medium: BlobStore): Promise<string> {
  const storage = openStorage(medium, { guard: false })
  const { problems } = unwrap(await storage.verify())
  expect(problems).toEqual([])
  const all: unknown[] = []
  for (const identifier of await drain(storage.checkpointIdentifiers())) {
    const loaded = unwrap(await storage.loadCheckpoint(identifier))
    const values: unknown[] = []
    for (const key of loaded.keys()) {
      const value = unwrap(await loaded.get(key))
      values.push([key, value instanceof Uint8Array ? value.length : value])
    }
    all.push([identifier, loaded.generation, values])
  }
  return JSON.stringify(all)
}

async function prepared({ before }: Scenario, guard: boolean): Promise<MemoryBlobStore> {
  const medium = new MemoryBlobStore()
  const storage = await open(medium, guard)
  await before(storage)
  await storage.close()
  return medium
}

/** Runs a scenario with one fault; says what it answered. */
async function runWithFault(
  scenario: Scenario,
  guard: boolean,
  at: number,
  fault: Fault,
  states: { readonly old: string; readonly new: string },
): Promise<void> {
  const medium = await prepared(scenario, guard)
  const plan = ({ index }: { index: number }) => (index === at ? fault : undefined)
  const faulty = new FaultyBlobStore(medium, { plan })
  const storage = await open(faulty, guard)
  const what = `${fault} at call ${at}`
  const result = await scenario.act(storage)
  const state = await stateOf(medium)
  expect([states.old, states.new], what).toContain(state)
  if (result.ok) expect(state, `${what}, ok`).toBe(states.new)
  else {
    if (!isTidemarkError(result.error)) throw new Error(`${what}: not an error of ours`)
    const { code, kind } = result.error
    expect(LISTED, `${what}: ${String(result.error)}`).toContain(code)
    if (kind === 'unavailable') expect(state, `${what}, ${code}`).toBe(states.old)
  }
  const again = await scenario.act(storage)
  if (again.ok || state === states.old) {
    expect(again.ok, `${what}, then again: ${again.ok ? '' : String(again.error)}`).toBe(true)
  } else expect(scenario.again, `${what}, then again`).toContain(codeOf(again.error))
  await stateOf(medium)
  await storage.close()
}

function codeOf(error: unknown): string {
  return isTidemarkError(error) ? error.code : String(error)
}

// A lost answer is asked for again after a pause; here nobody has to wait for it.
beforeAll(() => void vi.stubGlobal('setTimeout', (then: () => void) => setImmediate(then)))
afterAll(() => void vi.unstubAllGlobals())

describe('a medium that fails once, at any call, before or after its effect', () => {
  for (const guard of [false, true]) {
    for (const scenario of SCENARIOS) {
      it(`${scenario.name}${guard ? ', guarded' : ''}: old or new, a listed code, and then on`, async () => {
        const medium = await prepared(scenario, guard)
        const old = await stateOf(medium)
        const counted = new FaultyBlobStore(medium)
        const storage = await open(counted, guard)
        unwrap(await scenario.act(storage))
        const states = { old, new: await stateOf(medium) }
        const calls = counted.calls.length
        expect(calls).toBeGreaterThan(0)
        for (let at = 0; at < calls; at++) {
          for (const fault of FAULTS) await runWithFault(scenario, guard, at, fault, states)
        }
        await storage.close()
      })
    }
  }
})
