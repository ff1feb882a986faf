import type { BlobStore } from '../../blob/blob-store.ts'
import type { CoreError } from '../../result/core-errors.ts'
import { attempt } from '../../result/result.ts'
import { thrownError } from '../../result/thrown.ts'
import { bytesAt } from '../blob-store/blob-store-case.ts'
import { check, drain, fails, same, succeeds } from '../check.ts'
import { LARGE_ENTRY_BYTES, load, save, valueOf, type StorageCase } from './storage-case.ts'

/** Any code that says that bytes are not what was written. */
const DAMAGE = ['CORRUPTED', 'AUTHENTICATION_FAILED', 'DECODE_FAILED']

/** Flips one bit in the middle of a stored blob. */
async function flip(store: BlobStore, key: string): Promise<void> {
  const bytes = await bytesAt(store, key)
  check(bytes !== undefined, `${key} should be there`)
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 4
  await succeeds(store.put(key, bytes), `spoiling ${key}`)
}

async function keysOf(store: BlobStore, prefix: string): Promise<string[]> {
  return (await drain(store.list({ prefix }))).map(({ key }) => key)
}

const large = (n: number): Uint8Array => new Uint8Array(LARGE_ENTRY_BYTES).fill(n)

/** Bytes that are not what was written. */
export const damageCases: readonly StorageCase[] = [
  {
    name: 'a damaged large entry is found on read; the others stay readable; verify names it',
    run: async ({ store, storage }) => {
      const one = await storage()
      await save(one, 'a', { bad: large(1), good: large(2), small: 3 })
      await save(one, 'b', { x: 1 })
      for (const key of await keysOf(store, 'blob/')) {
        const bytes = await bytesAt(store, key)
        const loaded = await load(one, 'a')
        await flip(store, key)
        const isBad = !(await loaded.getBytes('bad')).ok
        await loaded.close()
        if (isBad) break
        await succeeds(store.put(key, bytes ?? new Uint8Array()), 'mending')
      }
      const loaded = await load(await storage(), 'a')
      await fails(loaded.getBytes('bad'), DAMAGE, 'the damaged entry')
      same((await succeeds(loaded.getBytes('good'), 'getBytes'))[0], 2, 'the other large entry')
      same(await succeeds(loaded.get('small'), 'get'), 3, 'the small entry')
      const report = await succeeds(one.verify(), 'verify')
      same(
        report.problems.map(({ identifier, key }) => [identifier, key]),
        [['a', 'bad']],
        'problems',
      )
      same([report.identifiers, report.generations, report.entries], [2, 2, 4], 'looked at')
    },
  },
  {
    name: 'a missing blob of a large entry is damage of that entry',
    run: async ({ store, storage }) => {
      const one = await storage()
      await save(one, 'a', { big: large(1), small: 3 })
      await succeeds(store.delete(await keysOf(store, 'blob/')), 'deleting')
      const loaded = await load(one, 'a')
      await fails(loaded.getBytes('big'), DAMAGE, 'getBytes')
      same(await succeeds(loaded.get('small'), 'get'), 3, 'the small entry')
    },
  },
  {
    name: 'a damaged checkpoint is CORRUPTED, never an older one in its place unless asked for',
    run: async ({ store, storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      await save(one, 'a', { x: 2 })
      await save(one, 'b', { x: 3 })
      await flip(store, 'log/n-a.r2')
      const other = await storage()
      await fails(other.loadCheckpoint('a'), DAMAGE, 'load')
      await fails(other.createCheckpoint('a'), DAMAGE, 'create')
      const older = await succeeds(other.loadCheckpoint('a', { generation: 1 }), 'load 1')
      same(await succeeds(older.get('x'), 'get'), 1, 'the older one')
      await older.close()
      same(await valueOf(other, 'b', 'x'), 3, 'another identifier')
      const report = await succeeds(other.verify(), 'verify')
      const found = report.problems.map(({ identifier, generation }) => [identifier, generation])
      same(found, [['a', 2]], 'problems')
      const listed = await drain(other.generations('a'))
      same(
        listed.map(({ generation, damage }) => [generation, damage !== undefined]),
        [
          [2, true],
          [1, false],
        ],
        'generations',
      )
      same(await drain(other.checkpointIdentifiers()), ['a', 'b'], 'identifiers')
    },
  },
  {
    name: 'a damaged checkpoint can be replaced and removed',
    run: async ({ store, storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      await save(one, 'b', { x: 1 })
      await flip(store, 'log/n-a.r1')
      await flip(store, 'log/n-b.r1')
      const other = await storage()
      same(await save(other, 'a', { x: 2 }), 2, 'generation')
      same(await valueOf(other, 'a', 'x'), 2, 'value')
      await succeeds(other.removeCheckpoint('b'), 'remove')
      await fails(other.loadCheckpoint('b'), 'CHECKPOINT_NOT_FOUND', 'load')
    },
  },
  {
    name: 'a checkpoint copied to another identifier is damage there',
    run: async ({ store, storage }) => {
      await save(await storage(), 'a', { x: 1 })
      const record = await bytesAt(store, 'log/n-a.r1')
      await succeeds(store.put('log/n-b.r1', record ?? new Uint8Array()), 'copying')
      await fails((await storage()).loadCheckpoint('b'), DAMAGE, 'load')
    },
  },
  {
    name: 'a storage of a newer format is UNSUPPORTED_VERSION, and nothing is touched',
    run: async ({ store, storage }) => {
      const header = new TextEncoder().encode('{"format":"tidemark-storage","version":99}')
      await succeeds(store.put('storage.json', header), 'planting')
      // Layers look at the header when they are put on, the bare storage when it is used.
      const opened = await attempt(() => storage(), thrownError<CoreError>)
      if (opened.ok) {
        const one = opened.value
        await fails(one.loadCheckpoint('a'), 'UNSUPPORTED_VERSION', 'load')
        await fails(one.createCheckpoint('a'), 'UNSUPPORTED_VERSION', 'create')
        await fails(one.save('a', {}), 'UNSUPPORTED_VERSION', 'save')
      } else await fails(opened, 'UNSUPPORTED_VERSION', 'opening')
      same(await keysOf(store, 'log/'), [], 'records')
    },
  },
  {
    name: 'what is not ours is neither read nor listed nor deleted',
    run: async ({ store, storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 })
      const foreign = ['readme', 'log/readme', 'log/n-a.r1.bak', 'log/x', 'blob/readme', 'other/r1']
      for (const key of foreign) await succeeds(store.put(key, new Uint8Array([1])), 'planting')
      const other = await storage()
      same(await drain(other.checkpointIdentifiers()), ['a'], 'identifiers')
      await succeeds(other.gc(), 'gc')
      await succeeds(other.removeCheckpoint('a'), 'remove')
      await succeeds(other.gc(), 'gc')
      for (const key of foreign) {
        check((await succeeds(store.head(key), 'head')) !== undefined, `${key} must still be there`)
      }
    },
  },
]
