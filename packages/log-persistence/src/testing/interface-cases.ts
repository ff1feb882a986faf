import { unwrap } from '@tidemark/core'
import { bytesOf, check, failure, same } from './check.ts'
import type { StoreCase } from './store-case.ts'

/** The promises of single calls. */
export const interfaceCases: readonly StoreCase[] = [
  {
    name: 'lists nothing at first, and a log once it has a checkpoint',
    run: async (place) => {
      const store = place.open()
      same(unwrap(await store.logs()), [], 'logs of a new store')
      const handle = unwrap(await store.writeOps('foo'))
      unwrap(await handle.set(bytesOf('foo cp')))
      unwrap(await handle.close())
      same(unwrap(await store.logs()), ['foo'], 'logs')
      await store.close()
    },
  },
  {
    name: 'says CHECKPOINT_NOT_FOUND through a handle, and undefined through latest',
    run: async (place) => {
      const store = place.open()
      const reader = unwrap(await store.readOps('foo'))
      failure(await reader.getLatest(), 'CHECKPOINT_NOT_FOUND', 'getLatest')
      same(unwrap(await store.latest('foo')), undefined, 'latest')
      same(unwrap(await store.snapshot('foo')).revision, 0, 'revision')
      const writer = unwrap(await store.writeOps('foo'))
      failure(await writer.getLatest(), 'CHECKPOINT_NOT_FOUND', 'getLatest of a write handle')
      unwrap(await writer.set(bytesOf('foo cp')))
      unwrap(await writer.close())
      const again = unwrap(await store.readOps('foo'))
      same(unwrap(await again.getLatest()), bytesOf('foo cp'), 'getLatest after set')
      same(unwrap(await store.latest('foo')), bytesOf('foo cp'), 'latest after set')
      same(unwrap(await store.snapshot('foo')).revision, 1, 'revision after set')
      await store.close()
    },
  },
  {
    name: 'init is safe to repeat, and changes nothing',
    run: async (place) => {
      const store = place.open()
      const [first, racing] = await Promise.all([store.init(), store.init()])
      const { instanceId } = unwrap(first)
      check(/^[0-9a-f]{32}$/.test(instanceId), 'an instance id is 32 hex digits')
      same(unwrap(racing).instanceId, instanceId, 'instance of a racing init')
      unwrap(await store.replace('foo', 0, bytesOf('1')))
      same(unwrap(await store.init()).instanceId, instanceId, 'instance of a later init')
      same(unwrap(await store.latest('foo')), bytesOf('1'), 'latest')
      await store.close()
    },
  },
  {
    name: 'refuses every call once closed; close may be repeated',
    run: async (place) => {
      const store = place.open()
      const handle = unwrap(await store.writeOps('foo'))
      await store.close()
      await store.close()
      failure(await store.init(), 'CLOSED', 'init')
      failure(await store.logs(), 'CLOSED', 'logs')
      failure(await store.latest('foo'), 'CLOSED', 'latest')
      failure(await store.readOps('foo'), 'CLOSED', 'readOps')
      failure(await store.writeOps('foo'), 'CLOSED', 'writeOps')
      failure(await store.update('foo', () => bytesOf('1')), 'CLOSED', 'update')
      failure(await handle.set(bytesOf('1')), 'CLOSED', 'set')
      unwrap(await handle.close())
    },
  },
  {
    name: 'a write handle may be closed again and again, with and without set',
    run: async (place) => {
      const store = place.open()
      const used = unwrap(await store.writeOps('foo'))
      unwrap(await used.set(bytesOf('1')))
      unwrap(await used.close())
      unwrap(await used.close())
      const unused = unwrap(await store.writeOps('bar'))
      unwrap(await unused.close())
      unwrap(await unused.close())
      same(unwrap(await store.logs()), ['foo'], 'logs')
      await store.close()
    },
  },
  {
    name: 'after set only close is legal, whether set succeeded or not',
    run: async (place) => {
      const store = place.open()
      const winner = unwrap(await store.writeOps('foo'))
      const loser = unwrap(await store.writeOps('foo'))
      unwrap(await winner.set(bytesOf('1')))
      failure(await loser.set(bytesOf('2')), 'CONFLICT', 'set of the loser')
      for (const handle of [winner, loser]) {
        const spent = { what: 'write handle', reason: 'spent' }
        const got = failure(await handle.getLatest(), 'CLOSED', 'getLatest after set')
        same(got.details, spent, 'details')
        const set = failure(await handle.set(bytesOf('3')), 'CLOSED', 'set after set')
        same(set.details, spent, 'details')
        unwrap(await handle.close())
        const error = failure(await handle.set(bytesOf('3')), 'CLOSED', 'set after close')
        same(error.details, { what: 'write handle', reason: 'closed' }, 'details')
      }
      same(unwrap(await store.latest('foo')), bytesOf('1'), 'latest')
      await store.close()
    },
  },
  {
    name: 'a read handle is live; a write handle keeps its snapshot',
    run: async (place) => {
      const store = place.open()
      unwrap(await store.replace('foo', 0, bytesOf('1')))
      const reader = unwrap(await store.readOps('foo'))
      const writer = unwrap(await store.writeOps('foo'))
      same(unwrap(await reader.getLatest()), bytesOf('1'), 'reader')
      unwrap(await store.replace('foo', 1, bytesOf('2')))
      same(unwrap(await reader.getLatest()), bytesOf('2'), 'reader after a write')
      same(unwrap(await writer.getLatest()), bytesOf('1'), 'writer after a write')
      unwrap(await writer.close())
      await store.close()
    },
  },
  {
    name: 'sorts logs by the bytes of their UTF-8, and gives them in pages',
    run: async (place) => {
      const store = place.open()
      const ids = ['B', 'a', 'b', 'e\u0301', '\u00e9', '\uff5e', '\u{1f600}']
      for (const id of ids.toReversed()) unwrap(await store.replace(id, 0, bytesOf(id)))
      same(unwrap(await store.logs()), ids, 'logs')
      same(unwrap(await store.logs({ limit: 2 })), ids.slice(0, 2), 'the first page')
      same(unwrap(await store.logs({ after: 'a', limit: 3 })), ids.slice(2, 5), 'the second page')
      same(unwrap(await store.logs({ after: '\u{1f600}' })), [], 'past the last')
      await store.close()
    },
  },
  {
    name: 'compares ids byte for byte',
    run: async (place) => {
      const store = place.open()
      const long = 'n'.repeat(511)
      const ids = ['X', 'x', 'x ', 'x\0', '\u00e9', 'e\u0301', '../x', `${long}a`, `${long}b`]
      for (const id of ids) unwrap(await store.replace(id, 0, bytesOf(`of ${id}`)))
      for (const id of ids) same(unwrap(await store.latest(id)), bytesOf(`of ${id}`), id)
      same(unwrap(await store.logs()).length, ids.length, 'number of logs')
      await store.close()
    },
  },
  {
    name: 'keeps every byte of a checkpoint',
    run: async (place) => {
      const store = place.open()
      const million = new Uint8Array(1024 * 1024).map((_, i) => (i * 31) % 256)
      const values = [
        new Uint8Array([0]),
        Uint8Array.from({ length: 256 }, (_, i) => i),
        new Uint8Array([0xff, 0xfe, 0xc0]),
        bytesOf('a\r\nb\r\n'),
        million,
      ]
      for (const [i, value] of values.entries()) {
        unwrap(await store.replace('foo', i, value))
        const found = unwrap(await store.latest('foo'))
        check(found !== undefined && found.every((byte, at) => byte === value[at]), `value ${i}`)
        same(found.length, value.length, `length of value ${i}`)
      }
      await store.close()
    },
  },
  {
    name: 'refuses what is no checkpoint and no id, and stores nothing',
    run: async (place) => {
      const store = place.open()
      failure(await store.replace('foo', 0, new Uint8Array()), 'INVALID_ARGUMENT', 'empty')
      const large = new Uint8Array(1024 * 1024 + 1)
      failure(await store.replace('foo', 0, large), 'LIMIT_EXCEEDED', 'too large')
      for (const revision of [-1, 0.5, Number.NaN, 2 ** 53]) {
        const replaced = await store.replace('foo', revision, bytesOf('1'))
        failure(replaced, 'INVALID_ARGUMENT', `revision ${revision}`)
      }
      for (const id of ['', '\ud800', 'x'.repeat(513), '\u00e9'.repeat(257)]) {
        failure(await store.replace(id, 0, bytesOf('1')), 'INVALID_IDENTIFIER', 'replace')
        failure(await store.latest(id), 'INVALID_IDENTIFIER', 'latest')
        failure(await store.readOps(id), 'INVALID_IDENTIFIER', 'readOps')
        failure(await store.writeOps(id), 'INVALID_IDENTIFIER', 'writeOps')
      }
      same(unwrap(await store.logs()), [], 'logs')
      await store.close()
    },
  },
  {
    name: 'shares no memory with its callers',
    run: async (place) => {
      const store = place.open()
      const given = bytesOf('abc')
      const replacing = store.replace('foo', 0, given)
      given.fill(0)
      const stored = unwrap(await replacing)
      same(stored.bytes, bytesOf('abc'), 'what replace gives')
      stored.bytes.fill(0)
      const found = unwrap(await store.latest('foo'))
      same(found, bytesOf('abc'), 'what latest gives')
      found?.fill(0)
      same(unwrap(await store.latest('foo')), bytesOf('abc'), 'what latest gives later')
      await store.close()
    },
  },
  {
    name: 'shares no memory either with bytes whose slice is a view',
    run: async (place) => {
      class View extends Uint8Array<ArrayBuffer> {
        override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
          return super.subarray(start, end)
        }
      }
      const store = place.open()
      const given = View.from(bytesOf('abc'))
      unwrap(await store.replace('foo', 0, given))
      given.fill(0)
      same(unwrap(await store.latest('foo')), bytesOf('abc'), 'latest')
      await store.close()
    },
  },
  {
    name: 'its errors say what to do, and never show a checkpoint',
    run: async (place) => {
      const store = place.open()
      unwrap(await store.replace('foo', 0, bytesOf('sensitive')))
      const late = await store.replace('foo', 0, bytesOf('sensitive too'))
      const error = failure(late, 'CONFLICT', 'replace')
      same(error.kind, 'conflict', 'kind')
      check(!error.message.includes('sensitive'), 'the message shows a checkpoint')
      check(!JSON.stringify(error).includes('sensitive'), 'the JSON shows a checkpoint')
      await store.close()
    },
  },
]
