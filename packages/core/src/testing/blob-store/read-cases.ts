import { check, drain, fails, same, succeeds } from '../check.ts'
import { concat } from '../../blob/blob-body.ts'
import {
  blobAt,
  bytesAt,
  bytesOf,
  patternBytes,
  putText,
  textAt,
  type BlobStoreCase,
} from './blob-store-case.ts'

/** Larger than any medium reads or sends at once. */
const LARGE_BYTES = 3 * 1024 * 1024 + 17

/** Reading, ranges, deleting. */
export const readCases: readonly BlobStoreCase[] = [
  {
    name: 'what is not there is undefined, never an error',
    run: async (store) => {
      same(await succeeds(store.get('nothing'), 'get'), undefined, 'get')
      same(await succeeds(store.head('nothing/here'), 'head'), undefined, 'head')
      await putText(store, 'file', 'x')
      same(await succeeds(store.get('file/below'), 'get below a blob'), undefined, 'get below')
      await putText(store, 'dir/inner', 'x')
      same(await succeeds(store.get('dir'), 'get a level'), undefined, 'get a level')
      same(await succeeds(store.head('dir'), 'head a level'), undefined, 'head a level')
    },
  },
  {
    name: 'head gives the facts that get gives',
    run: async (store) => {
      await putText(store, 'a/b', 'text')
      const { key, sizeBytes, version } = await blobAt(store, 'a/b')
      same(await succeeds(store.head('a/b'), 'head'), { key, sizeBytes, version }, 'head')
    },
  },
  {
    name: 'a range gives those bytes; past the end is cut, not refused',
    run: async (store) => {
      await putText(store, 'a', '0123456789')
      const part = async (start: number, end?: number): Promise<Uint8Array> => {
        const blob = await blobAt(store, 'a', end === undefined ? { start } : { start, end })
        same(blob.sizeBytes, 10, 'sizeBytes of a ranged get is that of the whole blob')
        const bytes = await succeeds(blob.bytes(), 'bytes')
        same(concat(await drain(blob.stream())), bytes, 'stream of a range')
        return bytes
      }
      same(await part(0, 10), bytesOf('0123456789'), '0-10')
      same(await part(3, 5), bytesOf('34'), '3-5')
      same(await part(7), bytesOf('789'), '7-')
      same(await part(8, 100), bytesOf('89'), '8-100')
      same(await part(5, 5), bytesOf(''), '5-5')
      same(await part(10), bytesOf(''), '10-')
      same(await part(99, 200), bytesOf(''), '99-200')
    },
  },
  {
    name: 'a range of an empty blob is empty',
    run: async (store) => {
      await putText(store, 'a', '')
      const blob = await blobAt(store, 'a', { start: 0, end: 4 })
      same(await succeeds(blob.bytes(), 'bytes'), bytesOf(''), 'bytes')
    },
  },
  {
    name: 'what is no range is INVALID_ARGUMENT',
    run: async (store) => {
      await putText(store, 'a', '0123456789')
      const wrong = [{ start: -1 }, { start: 5, end: 4 }, { start: 0.5 }, { start: Number.NaN }]
      for (const range of wrong) {
        await fails(store.get('a', { range }), 'INVALID_ARGUMENT', JSON.stringify(range))
      }
    },
  },
  {
    name: 'a blob of some megabytes comes back whole, in parts and as a stream',
    run: async (store) => {
      const content = patternBytes(LARGE_BYTES)
      await succeeds(store.put('large', content), 'put')
      const blob = await blobAt(store, 'large')
      const whole = await succeeds(blob.bytes(), 'bytes')
      check(isSame(whole, content), 'bytes() must be what was put')
      check(isSame(concat(await drain(blob.stream())), content), 'stream() must be what was put')
      const [start, end] = [1_000_003, 2_500_009]
      const part = await succeeds((await blobAt(store, 'large', { start, end })).bytes(), 'part')
      check(isSame(part, content.slice(start, end)), 'a range must be that part of what was put')
    },
  },
  {
    name: 'what is read is a copy: changing it changes nothing stored and no other read',
    run: async (store) => {
      await putText(store, 'a', 'original')
      const blob = await blobAt(store, 'a')
      const read = await succeeds(blob.bytes(), 'bytes')
      read.fill(0)
      for await (const piece of blob.stream()) piece.fill(0)
      same(await succeeds(blob.bytes(), 'bytes again'), bytesOf('original'), 'bytes again')
      same(await textAt(store, 'a'), 'original', 'another get')
    },
  },
  {
    name: 'the bytes of a blob that was replaced or deleted since get: the old ones or CONFLICT',
    run: async (store) => {
      const old = patternBytes(LARGE_BYTES, 1)
      await succeeds(store.put('a', old), 'put')
      await succeeds(store.put('b', old), 'put')
      const found = [await blobAt(store, 'a'), await blobAt(store, 'b')]
      await succeeds(store.put('a', patternBytes(LARGE_BYTES, 2)), 'replace')
      await succeeds(store.delete('b'), 'delete')
      for (const blob of found) {
        const read = await blob.bytes()
        if (read.ok) check(isSame(read.value, old), 'never the new bytes, never a mixture')
        else same(read.error.code, 'CONFLICT', 'bytes')
      }
    },
  },
  {
    name: 'get with durable: true answers like get',
    run: async (store) => {
      await putText(store, 'd/a', 'x')
      await succeeds(store.put('d/b', bytesOf('y'), { durable: false }), 'put')
      for (const [key, text] of [
        ['d/a', 'x'],
        ['d/b', 'y'],
      ] as const) {
        const blob = await succeeds(store.get(key, { durable: true }), `durable get ${key}`)
        check(blob !== undefined, `${key} should be there`)
        same(await succeeds(blob.bytes(), 'bytes'), bytesOf(text), key)
      }
      const absent = await succeeds(store.get('d/none', { durable: true }), 'durable get')
      same(absent, undefined, 'durable get of nothing')
    },
  },
  {
    name: 'delete takes blobs away, one or many, and counts what was not there as deleted',
    run: async (store) => {
      for (const key of ['a', 'b', 'c/d']) await putText(store, key, 'x')
      const one = await succeeds(store.delete('a'), 'delete one')
      same(one, { deleted: 1, failed: [] }, 'report of one')
      const many = await succeeds(store.delete(['a', 'c/d', 'none']), 'delete many')
      same(many, { deleted: 3, failed: [] }, 'report of many')
      same(await succeeds(store.delete([]), 'delete none'), { deleted: 0, failed: [] }, 'none')
      same([await bytesAt(store, 'a'), await bytesAt(store, 'c/d')], [undefined, undefined], 'gone')
      same(await textAt(store, 'b'), 'x', 'the other one')
    },
  },
  {
    name: 'another handle sees every put and delete',
    hook: 'reopen',
    run: async (store, { reopen }) => {
      if (reopen === undefined) return
      await putText(store, 'a', '1')
      await putText(store, 'b', '1')
      const other = await reopen(store)
      same(await textAt(other, 'a'), '1', 'after reopen')
      await succeeds(store.delete('a'), 'delete')
      same(await textAt(other, 'a'), undefined, 'deleted by the first')
      await putText(other, 'b', '2')
      same(await textAt(store, 'b'), '2', 'replaced by the second')
      await other.close()
      same(await textAt(store, 'b'), '2', 'after the second was closed')
    },
  },
]

/** Without a message of megabytes. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
