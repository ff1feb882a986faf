import { concat } from '../../blob/blob-body.ts'
import { patternBytes, streamOf } from '../blob-store/blob-store-case.ts'
import { check, drain, drainFails, fails, same, succeeds } from '../check.ts'
import { LARGE_ENTRY_BYTES, load, valueOf, type StorageCase } from './storage-case.ts'

const CONTENT = patternBytes(2_500_000)

async function* slowly(content: Uint8Array): AsyncIterable<Uint8Array> {
  const buffer = new Uint8Array(100_003)
  for (let at = 0; at < content.length; at += buffer.length) {
    const piece = content.subarray(at, at + buffer.length)
    buffer.set(piece)
    yield buffer.subarray(0, piece.length)
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Values as streams. */
export const streamCases: readonly StorageCase[] = [
  {
    name: 'a stream is stored whole and read back as bytes, as a stream and in parts',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.putStream('x', slowly(CONTENT)), 'putStream')
      await succeeds(draft.putStream('small', streamOf('a', '', 'b')), 'putStream')
      await succeeds(draft.putStream('none', streamOf()), 'putStream')
      await succeeds(draft.commit(), 'commit')
      const loaded = await load(await storage(), 'a')
      check(isSame(await succeeds(loaded.getBytes('x'), 'getBytes'), CONTENT), 'bytes')
      check(isSame(concat(await drain(loaded.getStream('x'))), CONTENT), 'stream')
      same(await succeeds(loaded.getBytes('small'), 'getBytes'), new Uint8Array([97, 98]), 'small')
      same(await succeeds(loaded.getBytes('none'), 'getBytes'), new Uint8Array(), 'none')
      const ranges = [
        [0, 10],
        [1_048_570, 1_048_590],
        [2_499_990, 9_999_999],
        [5, 5],
      ] as const
      for (const [start, end] of ranges) {
        const range = { start, end }
        const part = await succeeds(loaded.getBytes('x', { range }), 'getBytes of a range')
        check(isSame(part, CONTENT.slice(start, end)), `range ${start}-${end}`)
        const streamed = concat(await drain(loaded.getStream('x', { range })))
        check(isSame(streamed, CONTENT.slice(start, end)), `stream of range ${start}-${end}`)
      }
      const part = await succeeds(loaded.getBytes('small', { range: { start: 1 } }), 'small part')
      same(part, new Uint8Array([98]), 'a range of a small entry')
    },
  },
  {
    name: 'a source that fails keeps the value the key had, and the draft goes on',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const cause = new Error('the source broke')
      async function* failing(): AsyncIterable<Uint8Array> {
        yield new Uint8Array(LARGE_ENTRY_BYTES)
        throw cause
      }
      await succeeds(draft.put('x', 'before'), 'put')
      const error = await fails(draft.putStream('x', failing()), 'INVALID_ARGUMENT', 'putStream')
      check(error.cause === cause, 'the cause must be what the source threw')
      same(await succeeds(draft.get('x'), 'get'), 'before', 'value')
      await fails(draft.commit(), 'INVALID_ARGUMENT', 'commit')
      await succeeds(draft.put('x', 'again'), 'put again')
      await succeeds(draft.commit(), 'commit')
      same(await valueOf(one, 'a', 'x'), 'again', 'value')
    },
  },
  {
    name: 'a missing key is thrown by a stream as it is returned by get',
    run: async ({ storage }) => {
      const draft = await succeeds((await storage()).createCheckpoint('a'), 'create')
      await drainFails(draft.getStream('x'), 'KEY_NOT_FOUND', 'getStream')
      await draft.abort()
    },
  },
  {
    name: 'a stream can be left early and read again',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.putStream('x', slowly(CONTENT)), 'putStream')
      const committed = await succeeds(draft.commit(), 'commit')
      for await (const piece of committed.getStream('x')) {
        piece.fill(0)
        break
      }
      check(isSame(concat(await drain(committed.getStream('x'))), CONTENT), 'stream')
    },
  },
]
