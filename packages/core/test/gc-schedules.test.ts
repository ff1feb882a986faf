import { expect, it } from 'vitest'
import { MemoryBlobStore, openStorage, unwrap, type StorageOptions } from '../src/index.ts'
import { createScheduler, FaultyBlobStore, type Scheduler } from '../src/testing/index.ts'

const REPLACE = { ifExists: 'replace' } as const
const OPTIONS: StorageOptions = { guard: true, keepLast: 1 }
const large = (n: number): Uint8Array => new Uint8Array(70_000).fill(n)

/** A process on the medium whose calls wait for their turn. */
function processOn(medium: MemoryBlobStore, scheduler: Scheduler, name: string) {
  const gate = ({ operation, key }: { operation: string; key: string }) =>
    scheduler.turn(name, { call: 'mark', path: `${operation} ${key}` })
  return openStorage(new FaultyBlobStore(medium, { gate }), OPTIONS)
}

/** Two generations on a medium, of which retention keeps the newer. */
async function twoGenerations(): Promise<MemoryBlobStore> {
  const medium = new MemoryBlobStore()
  const storage = openStorage(medium, { ...OPTIONS, keepLast: 2 })
  for (const n of [1, 2]) unwrap(await storage.save('a', { big: large(n) }, REPLACE))
  await storage.close()
  return medium
}

/** One turn of the event loop: whoever can go on without a turn has. */
function standstill(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/**
 * The collector makes so many calls, then the reader so many, then the collector all that are left,
 * then the reader: every way in which one of them can be overtaken twice.
 */
async function overtake(scheduler: Scheduler, ahead: number, then: number): Promise<boolean> {
  const turns = { collector: [ahead, Infinity], reader: [then, Infinity] }
  let isWithin = true
  await standstill()
  for (const round of [0, 1]) {
    for (const name of ['collector', 'reader'] as const) {
      for (let left = turns[name][round] ?? 0; left > 0; left--) {
        const index = scheduler.waiting.findIndex(({ process }) => process === name)
        if (index < 0) {
          isWithin &&= round === 1
          break
        }
        await scheduler.step(index)
      }
    }
  }
  return isWithin
}

/** Says whether both were overtaken before they had come to their end. */
async function schedule(ahead: number, then: number, generation: number): Promise<boolean> {
  const medium = await twoGenerations()
  const scheduler = createScheduler(() => 0)
  const reader = processOn(medium, scheduler, 'reader')
  const collector = processOn(medium, scheduler, 'collector')
  const what = `collector ${ahead}, reader ${then}`
  const read = async () => {
    const loaded = await reader.loadCheckpoint('a', { generation })
    if (!loaded.ok) return loaded.error.code
    const bytes = await loaded.value.getBytes('big')
    expect(bytes.ok ? bytes.value[0] : bytes.error.code, what).toBe(generation)
    await loaded.value.close()
    return 'read'
  }
  const collect = async () => {
    unwrap(await collector.gc())
    return 'collected'
  }
  const both = Promise.all([read(), collect()])
  const isWithin = await overtake(scheduler, ahead, then)
  const [seen] = await both
  expect(['read', 'CHECKPOINT_NOT_FOUND'], what).toContain(seen)
  return isWithin
}

for (const generation of [1, 2]) {
  it(`bytes are never deleted under a reader of generation ${generation} of 2, whoever overtakes whom`, async () => {
    let [runs, ahead] = [0, 0]
    for (let collectorGoesOn = true; collectorGoesOn; ahead++) {
      collectorGoesOn = false
      for (let then = 1; await schedule(ahead, then, generation); then++) {
        collectorGoesOn = true
        runs += 1
      }
    }
    expect(runs).toBeGreaterThan(30)
  })
}

it('what a collector left to a reader, the next one collects', async () => {
  const medium = await twoGenerations()
  const [reader, collector] = [openStorage(medium, OPTIONS), openStorage(medium, OPTIONS)]
  const loaded = unwrap(await reader.loadCheckpoint('a', { generation: 1 }))
  unwrap(await collector.gc())
  expect(unwrap(await loaded.getBytes('big'))[0]).toBe(1)
  await loaded.close()
  expect(unwrap(await collector.gc()).blobs).toHaveLength(1)
})
