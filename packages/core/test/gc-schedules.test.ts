import { expect, it } from 'vitest'
import { MemoryBlobStore, openStorage, unwrap, type StorageOptions } from '../src/index.ts'
import {
  createScheduler,
  FaultyBlobStore,
  seededRandom,
  type Scheduler,
} from '../src/testing/index.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)
const RUNS = 120

const REPLACE = { ifExists: 'replace' } as const
const OPTIONS: StorageOptions = { guard: true, keepLast: 1 }
const large = (n: number): Uint8Array => new Uint8Array(70_000).fill(n)

/** A process on the medium whose calls wait for their turn. */
function processOn(medium: MemoryBlobStore, scheduler: Scheduler, name: string) {
  const gate = ({ operation, key }: { operation: string; key: string }) =>
    scheduler.turn(name, { call: 'mark', path: `${operation} ${key}` })
  return openStorage(new FaultyBlobStore(medium, { gate }), OPTIONS)
}

/**
 * Lets one process run far ahead of the others for a while, then another: an even mixture hardly
 * ever lets a whole collection happen between two calls of a reader.
 */
function unevenScheduler(random: () => number): Scheduler {
  let favourite = ''
  const scheduler: Scheduler = createScheduler((width) => {
    const drawn = Math.floor(random() * width)
    if (random() < 0.15) favourite = scheduler.waiting[drawn]?.process ?? ''
    const index = scheduler.waiting.findIndex(({ process }) => process === favourite)
    return index < 0 ? drawn : index
  })
  return scheduler
}

/** Two generations on a medium, of which retention keeps the newer. */
async function twoGenerations(): Promise<MemoryBlobStore> {
  const medium = new MemoryBlobStore()
  const storage = openStorage(medium, { ...OPTIONS, keepLast: 2 })
  for (const n of [1, 2]) unwrap(await storage.save('a', { big: large(n) }, REPLACE))
  await storage.close()
  return medium
}

async function schedule(seed: number): Promise<void> {
  const medium = await twoGenerations()
  const scheduler = unevenScheduler(seededRandom(seed))
  const collector = processOn(medium, scheduler, 'collector')
  const read = async (name: string, generation: number | undefined) => {
    const reader = processOn(medium, scheduler, name)
    const options = generation === undefined ? {} : { generation }
    const loaded = await reader.loadCheckpoint('a', options)
    if (!loaded.ok) return loaded.error.code
    const bytes = await loaded.value.getBytes('big')
    const seen = bytes.ok ? bytes.value[0] : bytes.error.code
    const expected = loaded.value.generation
    await loaded.value.close()
    expect(seen, `seed ${seed}: what a reader of generation ${expected} reads`).toBe(expected)
    return 'read'
  }
  const collect = async () => {
    unwrap(await collector.gc())
    unwrap(await collector.save('a', { big: large(3) }, REPLACE))
    unwrap(await collector.gc())
    return 'collected'
  }
  const ends = await scheduler.run([read('one', 1), read('two', undefined), collect()])
  for (const end of ends) if (end?.status === 'rejected') throw end.reason
  expect(['read', 'CHECKPOINT_NOT_FOUND']).toContain(
    ends[0]?.status === 'fulfilled' ? ends[0].value : '',
  )
  // When all is quiet, nothing is left behind.
  const last = openStorage(medium, OPTIONS)
  unwrap(await last.gc())
  const left: string[] = []
  for await (const { key } of medium.list({ prefix: 'blob/' })) left.push(key)
  expect(left).toHaveLength(1)
  expect(unwrap(await last.verify()).problems).toEqual([])
}

it(`bytes are never deleted under a reader, in ${RUNS} orders of the calls (seed ${SEED})`, async () => {
  for (let i = 0; i < RUNS; i++) await schedule(SEED * 1_000_003 + i)
})
