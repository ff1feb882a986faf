import { check, fails, same, succeeds } from '../check.ts'
import {
  bytesAt,
  bytesOf,
  patternBytes,
  putText,
  streamOf,
  textAt,
  type BlobStoreCase,
} from './blob-store-case.ts'

/** Bodies that come in pieces. */
export const streamCases: readonly BlobStoreCase[] = [
  {
    name: 'a body in pieces, empty ones among them, is stored as one',
    run: async (store) => {
      const body = streamOf('one ', '', 'two ', new Uint8Array(), 'three')
      const info = await succeeds(store.put('a', body), 'put')
      same(info.sizeBytes, 13, 'size')
      same(await textAt(store, 'a'), 'one two three', 'text')
      await succeeds(store.put('none', streamOf()), 'put of no piece')
      same(await textAt(store, 'none'), '', 'text of no piece')
    },
  },
  {
    name: 'a source may use one buffer for every piece',
    run: async (store) => {
      async function* reusing(): AsyncIterable<Uint8Array> {
        const buffer = new Uint8Array(4)
        for (const word of ['aaaa', 'bbbb', 'cccc']) {
          buffer.set(bytesOf(word))
          yield buffer
        }
        buffer.fill(0)
      }
      await succeeds(store.put('a', reusing()), 'put')
      same(await textAt(store, 'a'), 'aaaabbbbcccc', 'text')
    },
  },
  {
    name: 'a source that fails stores nothing, keeps what was there, and is named in the error',
    run: async (store) => {
      const cause = new Error('the source broke')
      async function* failing(): AsyncIterable<Uint8Array> {
        yield bytesOf('half of ')
        throw cause
      }
      await putText(store, 'kept', 'before')
      const error = await fails(store.put('kept', failing()), 'INVALID_ARGUMENT', 'put')
      check(error.cause === cause, 'the cause of the error must be what the source threw')
      same(await textAt(store, 'kept'), 'before', 'text')
      const created = store.put('fresh', failing(), { if: 'absent' })
      await fails(created, 'INVALID_ARGUMENT', 'create')
      same(await bytesAt(store, 'fresh'), undefined, 'nothing was created')
      await succeeds(store.put('fresh', bytesOf('x'), { if: 'absent' }), 'create after it')
    },
  },
  {
    name: 'a source that fails or is refused is told to stop',
    run: async (store) => {
      let finished = 0
      async function* counted(): AsyncIterable<Uint8Array> {
        try {
          yield bytesOf('x')
        } finally {
          finished += 1
        }
      }
      await succeeds(store.put('a', counted()), 'put')
      same(finished, 1, 'sources that ran to their end')
    },
  },
  {
    name: 'a create by stream is refused like any other',
    run: async (store) => {
      await putText(store, 'a', 'first')
      const again = store.put('a', streamOf('sec', 'ond'), { if: 'absent' })
      await fails(again, 'CONFLICT', 'create')
      same(await textAt(store, 'a'), 'first', 'text')
    },
  },
  {
    name: 'a signal that fires while a body is read stores nothing',
    run: async (store) => {
      const controller = new AbortController()
      async function* aborting(): AsyncIterable<Uint8Array> {
        yield bytesOf('one')
        controller.abort()
        yield bytesOf('two')
      }
      const put = store.put('a', aborting(), { signal: controller.signal })
      await fails(put, 'ABORTED', 'put')
      same(await bytesAt(store, 'a'), undefined, 'nothing was stored')
    },
  },
  {
    name: 'a stream of many megabytes is stored and read back',
    needs: ['streams'],
    run: async (store) => {
      const piece = patternBytes(1024 * 1024)
      const pieces = 12
      async function* many(): AsyncIterable<Uint8Array> {
        for (let i = 0; i < pieces; i++) yield piece
      }
      const info = await succeeds(store.put('large', many()), 'put')
      same(info.sizeBytes, pieces * piece.length, 'size')
      const blob = await succeeds(store.get('large'), 'get')
      check(blob !== undefined, 'the blob should be there')
      let at = 0
      for await (const part of blob.stream()) {
        check(
          part.every((byte, i) => byte === piece[(at + i) % piece.length]),
          `bytes from ${at}`,
        )
        at += part.length
      }
      same(at, info.sizeBytes, 'bytes streamed')
    },
  },
]
