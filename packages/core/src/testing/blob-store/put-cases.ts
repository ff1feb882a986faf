import { check, detail, fails, same, succeeds } from '../check.ts'
import { blobAt, bytesAt, bytesOf, putText, textAt, type BlobStoreCase } from './blob-store-case.ts'

/** Writing whole bodies under one key. */
export const putCases: readonly BlobStoreCase[] = [
  {
    name: 'put then get gives the same bytes, key and size',
    run: async (store) => {
      const info = await succeeds(store.put('jobs/a.1', bytesOf('hello')), 'put')
      same([info.key, info.sizeBytes], ['jobs/a.1', 5], 'info of put')
      const blob = await blobAt(store, 'jobs/a.1')
      same([blob.key, blob.sizeBytes, blob.version], ['jobs/a.1', 5, info.version], 'info of get')
      same(await succeeds(blob.bytes(), 'bytes'), bytesOf('hello'), 'bytes')
    },
  },
  {
    name: 'an empty blob is a blob',
    run: async (store) => {
      await succeeds(store.put('empty', new Uint8Array()), 'put')
      same(await bytesAt(store, 'empty'), new Uint8Array(), 'bytes')
      same((await succeeds(store.head('empty'), 'head'))?.sizeBytes, 0, 'size')
    },
  },
  {
    name: 'put over a blob replaces it whole and changes its version',
    run: async (store) => {
      const first = await succeeds(store.put('a', bytesOf('a long first text')), 'first put')
      const second = await succeeds(store.put('a', bytesOf('short')), 'second put')
      same(await textAt(store, 'a'), 'short', 'text')
      check(first.version !== second.version, 'the version must change with the content')
      same((await succeeds(store.head('a'), 'head'))?.version, second.version, 'version of head')
    },
  },
  {
    name: "if: 'absent' creates once; a second create is CONFLICT and changes nothing",
    run: async (store) => {
      await succeeds(store.put('a', bytesOf('first'), { if: 'absent' }), 'create')
      const error = await fails(
        store.put('a', bytesOf('second'), { if: 'absent' }),
        'CONFLICT',
        'second create',
      )
      same(error.kind, 'conflict', 'kind')
      same(await textAt(store, 'a'), 'first', 'text')
    },
  },
  {
    name: "if: 'absent' holds against an ordinary put, and again after a delete",
    run: async (store) => {
      await putText(store, 'a', 'put')
      await fails(store.put('a', bytesOf('x'), { if: 'absent' }), 'CONFLICT', 'create over a put')
      await succeeds(store.delete('a'), 'delete')
      await succeeds(store.put('a', bytesOf('again'), { if: 'absent' }), 'create after delete')
      same(await textAt(store, 'a'), 'again', 'text')
    },
  },
  {
    name: 'a version as the condition replaces exactly that state',
    needs: ['replaceIf'],
    run: async (store) => {
      const first = await succeeds(store.put('a', bytesOf('1')), 'put')
      const second = await succeeds(store.put('a', bytesOf('2'), { if: first.version }), 'replace')
      await fails(store.put('a', bytesOf('3'), { if: first.version }), 'CONFLICT', 'stale replace')
      same(await textAt(store, 'a'), '2', 'text')
      await succeeds(store.delete('a'), 'delete')
      const gone = store.put('a', bytesOf('4'), { if: second.version })
      await fails(gone, 'CONFLICT', 'replace of a deleted blob')
      same(await textAt(store, 'a'), undefined, 'text')
    },
  },
  {
    name: 'a version as the condition is UNSUPPORTED where supports says so, and writes nothing',
    run: async (store) => {
      if (store.supports.replaceIf) return
      const { version } = await succeeds(store.put('a', bytesOf('1')), 'put')
      await fails(store.put('a', bytesOf('2'), { if: version }), 'UNSUPPORTED', 'replace')
      same(await textAt(store, 'a'), '1', 'text')
    },
  },
  {
    name: 'durable: false is as atomic and as visible, also as a create',
    run: async (store) => {
      await succeeds(store.put('hint', bytesOf('1'), { durable: false }), 'put')
      await succeeds(store.put('hint', bytesOf('2'), { durable: false }), 'put')
      same(await textAt(store, 'hint'), '2', 'text')
      const again = store.put('hint', bytesOf('3'), { durable: false, if: 'absent' })
      await fails(again, 'CONFLICT', 'create')
      await succeeds(store.put('hint', bytesOf('durable')), 'durable put over it')
      same(await textAt(store, 'hint'), 'durable', 'text')
    },
  },
  {
    name: 'changing the array that was put changes nothing stored',
    run: async (store) => {
      const body = bytesOf('original')
      const putting = store.put('a', body)
      await succeeds(putting, 'put')
      body.fill(0)
      same(await textAt(store, 'a'), 'original', 'text')
    },
  },
  {
    name: 'an aborted signal stops put, get, head, delete and list before they begin',
    run: async (store) => {
      await putText(store, 'a', 'kept')
      const options = { signal: AbortSignal.abort(new Error('enough')) }
      const put = await fails(store.put('a', bytesOf('x'), options), 'ABORTED', 'put')
      same(detail(put, 'committed'), false, 'details.committed of put')
      await fails(store.putMany([['a', bytesOf('x')]], options), 'ABORTED', 'putMany')
      await fails(store.get('a', options), 'ABORTED', 'get')
      await fails(store.head('a', options), 'ABORTED', 'head')
      await fails(store.delete('a', options), 'ABORTED', 'delete')
      same(await textAt(store, 'a'), 'kept', 'text')
    },
  },
  {
    name: 'a signal that fires after a put changes nothing',
    run: async (store) => {
      const controller = new AbortController()
      await succeeds(store.put('a', bytesOf('1'), { signal: controller.signal }), 'put')
      controller.abort()
      same(await textAt(store, 'a'), '1', 'text')
    },
  },
]
