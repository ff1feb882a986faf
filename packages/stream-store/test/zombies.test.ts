import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { expect, it } from 'vitest'
import { openStreamStore, type StreamStore } from '../src/index.ts'
import { randomOf, Stage } from './support/actors.ts'
import { compareBytes, faultyMedium, keysOf, present, type Fate } from './support/media.ts'

const FIRST_SEED = Number(process.env['TIDEMARK_SOAK_SEED'] ?? 1)
const RUNS = Number(process.env['TIDEMARK_SOAK_RUNS'] ?? 150)

const log = { settle: { attempts: 3, pauseMs: 0, sleep: async () => undefined } }
const options = { keep: 2, graceMs: 0, orphanMinAgeMs: 0, log }

/** What one attempt to save wrote: every attempt has a number of its own. */
const contentOf = (attempt: number) =>
  new Uint8Array(attempt % 3 === 0 ? 70_000 : 100).fill(attempt % 251)

interface World {
  readonly acknowledged: { id: bigint; attempt: number }[]
  readonly attempts: Map<bigint, Set<number>>
  /** The highest ownership whose open has returned: no save under a lower one may begin and win. */
  owner: number
  count: number
}

async function writer(medium: ReturnType<Stage['view']>, world: World): Promise<void> {
  for (let life = 0; life < 2; life++) {
    const opened = await openStreamStore({ store: medium, ...options })
    if (!opened.ok) continue
    const me = unwrap(await opened.value.inspect()).ownerEpoch ?? 0
    world.owner = Math.max(world.owner, me)
    for (let n = 0; n < 3; n++) {
      // Some sweep while they save: what is being written is not theirs to take.
      const sweeping = n === 1 ? opened.value.cleanupOrphans() : undefined
      const goesOn = await saveOne(opened.value, me, world)
      await sweeping
      if (!goesOn) break
    }
    // The collector runs in between, also in a writer that does not know yet that it is over.
    void (await opened.value.cleanupOrphans())
    void (await opened.value.collect())
  }
}

async function saveOne(store: StreamStore, me: number, world: World): Promise<boolean> {
  const attempt = (world.count += 1)
  const begun = store.begin({ watermark: attempt })
  if (!begun.ok) return false
  const id = begun.value.checkpointId
  world.attempts.set(id, (world.attempts.get(id) ?? new Set()).add(attempt))
  const wasOwner = world.owner === me
  const put = await begun.value.put('state', contentOf(attempt))
  const committed = put.ok ? await begun.value.commit() : put
  if (!committed.ok) return committed.error.kind === 'unavailable'
  // Whoever had been taken over before this save began must not get an answer like this.
  expect(wasOwner, `${me} saved ${id} although ${world.owner} owned the store`).toBe(true)
  expect(world.acknowledged.map((saved) => saved.id)).not.toContain(id)
  world.acknowledged.push({ id, attempt })
  return true
}

/** What a new owner finds: the newest acknowledged checkpoint or a later attempt, whole. */
async function judge(medium: MemoryBlobStore, world: World): Promise<void> {
  const store = unwrap(await openStreamStore({ store: medium, ...options }))
  const report = unwrap(await store.recoverLatestValidated())
  expect(report.skipped).toEqual([])
  const newest = world.acknowledged.reduce((a, { id }) => (id > a ? id : a), 0n)
  expect((report.chosenId ?? 0n) >= newest, `${report.chosenId} of ${newest}`).toBe(true)
  for (const id of unwrap(await store.listIds())) {
    const attempt = Number(unwrap(await store.loadById(id))?.watermark)
    expect([...(world.attempts.get(id) ?? [])]).toContain(attempt)
    const acknowledged = world.acknowledged.find((saved) => saved.id === id)
    if (acknowledged !== undefined) expect(attempt).toBe(acknowledged.attempt)
    const state = present(unwrap(await store.openState(id)))
    const bytes = unwrap(await state.bytes('state'))
    expect(compareBytes(bytes, contentOf(attempt))).toBe(0)
    await state.close()
  }
  unwrap(await store.prune(1))
  unwrap(await store.collect())
  unwrap(await store.cleanupOrphans())
  const live = unwrap(await store.inspect()).newest.flatMap(({ blobs }) => blobs)
  expect(await keysOf(medium, 'blob/')).toEqual([...live].sort())
  await store.close()
}

async function play(seed: number): Promise<World> {
  const random = randomOf(seed)
  const inner = new MemoryBlobStore()
  const fateOf = (): Fate => {
    const draw = random()
    return draw < 0.03 ? 'refused' : draw < 0.05 ? 'lost' : draw < 0.07 ? 'late' : 'ok'
  }
  const medium = faultyMedium(inner, (call) => (call === 'put' ? fateOf() : 'ok'))
  const stage = new Stage(random)
  const world: World = { acknowledged: [], attempts: new Map(), owner: 0, count: 0 }
  const actors = ['a', 'b'].map((name) => stage.add(() => writer(stage.view(name, medium), world)))
  const nature = stage.add(async () => {
    for (let i = 0; i < 8; i++) {
      void (await stage.view('nature', inner).head('x'))
      await medium.settleLate()
    }
  })
  await stage.play()
  await Promise.all([...actors, nature])
  await medium.settleLate()
  await judge(inner, world)
  return world
}

it('two writers that sleep at any moment, and a collector: nothing acknowledged is lost, no two owners', async () => {
  let acknowledged = 0
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    try {
      acknowledged += (await play(seed)).acknowledged.length
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
  process.stdout.write(
    `seeds ${FIRST_SEED} to ${FIRST_SEED + RUNS - 1}: ${acknowledged} acknowledged\n`,
  )
  expect(acknowledged).toBeGreaterThan(RUNS)
}, 3_600_000)

it.each(['refused', 'lost', 'late'] as const)(
  'a medium that fails any one call (%s) loses nothing that was acknowledged',
  async (fate) => {
    const healthy = faultyMedium()
    await saveThree(healthy)
    const total = Object.values(healthy.calls).reduce((a, b) => a + b, 0)
    for (let at = 0; at < total; at++) {
      const inner = new MemoryBlobStore()
      const medium = faultyMedium(inner, (call, index) => {
        if (index !== at) return 'ok'
        return call === 'put' ? fate : 'refused'
      })
      const world = await saveThree(medium)
      await medium.settleLate()
      await judge(inner, world)
    }
  },
)

async function saveThree(medium: ReturnType<typeof faultyMedium>): Promise<World> {
  const world: World = { acknowledged: [], attempts: new Map(), owner: 0, count: 0 }
  const opened = await openStreamStore({ store: medium, ...options })
  if (!opened.ok) return world
  for (let n = 0; n < 3; n++) await saveOne(opened.value, 0, world)
  await opened.value.close()
  return world
}
