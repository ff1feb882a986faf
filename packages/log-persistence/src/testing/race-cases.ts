import { unwrap } from '@tidemark/core'
import { bytesOf, check, failure, same, textOf } from './check.ts'
import { checkHistory, recordUpdate, type Recorded } from './history.ts'
import type { StoreCase } from './store-case.ts'

/** The promises between writers. */
export const raceCases: readonly StoreCase[] = [
  {
    name: 'of two handles on one state the first wins, and the second learns what it stored',
    run: async (place) => {
      const store = place.open()
      for (const [revision, log] of [
        [0, 'new'],
        [1, 'old'],
      ] as const) {
        if (revision > 0) unwrap(await store.replace(log, 0, bytesOf('0')))
        const first = unwrap(await store.writeOps(log))
        const second = unwrap(await store.writeOps(log))
        unwrap(await first.set(bytesOf('first')))
        const error = failure(await second.set(bytesOf('second')), 'CONFLICT', 'set')
        check('current' in error, 'the error carries what is stored')
        const expected = { revision: revision + 1, bytes: bytesOf('first') }
        same(error.current, expected, 'what the error carries')
        unwrap(await first.close())
        unwrap(await second.close())
      }
      await store.close()
    },
  },
  {
    name: 'a handle that is closed without set is in nobody’s way',
    run: async (place) => {
      const store = place.open()
      const first = unwrap(await store.writeOps('foo'))
      const second = unwrap(await store.writeOps('foo'))
      unwrap(await first.close())
      unwrap(await second.set(bytesOf('second')))
      await store.close()
    },
  },
  {
    name: 'bytes that come back are another state',
    run: async (place) => {
      const store = place.open()
      unwrap(await store.replace('foo', 0, bytesOf('X')))
      const handle = unwrap(await store.writeOps('foo'))
      unwrap(await store.update('foo', () => bytesOf('Y')))
      unwrap(await store.update('foo', () => bytesOf('X')))
      failure(await handle.set(bytesOf('Z')), 'CONFLICT', 'set')
      const same1 = unwrap(await store.writeOps('foo'))
      const same2 = unwrap(await store.writeOps('foo'))
      unwrap(await same1.set(bytesOf('X')))
      failure(await same2.set(bytesOf('Z')), 'CONFLICT', 'set after a write of equal bytes')
      await store.close()
    },
  },
  {
    name: 'a revision that never was is a conflict, and writes nothing',
    run: async (place) => {
      const store = place.open()
      failure(await store.replace('foo', 5, bytesOf('1')), 'CONFLICT', 'replace')
      same(unwrap(await store.logs()), [], 'logs')
      unwrap(await store.replace('foo', 0, bytesOf('1')))
      failure(await store.replace('foo', 5, bytesOf('2')), 'CONFLICT', 'replace')
      same(unwrap(await store.snapshot('foo')).revision, 1, 'revision')
      await store.close()
    },
  },
  {
    name: '25 updates at once all succeed, one after the other',
    run: async (place) => {
      const store = place.open()
      const all = Array.from({ length: 25 }, (_, i) => store.update('foo', () => bytesOf(`${i}`)))
      const revisions = (await Promise.all(all)).map((result) => unwrap(result).revision)
      const expected = Array.from({ length: 25 }, (_, i) => i + 1)
      same(
        revisions.toSorted((a, b) => a - b),
        expected,
        'revisions',
      )
      await store.close()
    },
  },
  {
    name: 'of 25 handles on one state, or on none, exactly one wins',
    run: async (place) => {
      const store = place.open()
      for (const log of ['new', 'old', 'another']) {
        if (log === 'old') unwrap(await store.replace(log, 0, bytesOf('0')))
        const opening = Array.from({ length: 25 }, async () => unwrap(await store.writeOps(log)))
        const handles = await Promise.all(opening)
        const results = await Promise.all(
          handles.map(async (handle, i) => {
            const set = await handle.set(bytesOf(`success ${i}`))
            unwrap(await handle.close())
            if (set.ok) return `success ${i}`
            const error = failure(set, 'CONFLICT', 'set')
            check('current' in error && error.current !== undefined, 'it carries what is stored')
            return 'CONFLICT'
          }),
        )
        const won = results.filter((result) => result !== 'CONFLICT')
        same(won.length, 1, 'winners')
        same(textOf(unwrap(await store.latest(log))), won[0], 'latest')
      }
      await store.close()
    },
  },
  {
    name: '16 writers count to 640 from nothing, and every commit has one predecessor',
    run: async (place) => {
      const store = place.open()
      const history: Recorded[] = []
      const worker = async (writer: number): Promise<void> => {
        for (let i = 0; i < 40; i++) {
          history.push(await recordUpdate(store, 'foo', `${writer}`))
        }
      }
      await Promise.all(Array.from({ length: 16 }, (_, i) => worker(i)))
      same(checkHistory(history), [], 'what is wrong with the history')
      same(unwrap(await store.snapshot('foo')).revision, 640, 'revision')
      await store.close()
    },
  },
  {
    name: '200 logs do not disturb each other',
    run: async (place) => {
      const store = place.open()
      const work = async (log: string): Promise<void> => {
        for (let i = 1; i <= 5; i++) {
          const updated = unwrap(await store.update(log, () => bytesOf(`${i}`)))
          same(updated, { revision: i, bytes: bytesOf(`${i}`), attempts: 1 }, log)
        }
      }
      await Promise.all(Array.from({ length: 200 }, (_, i) => work(`log ${i}`)))
      same(unwrap(await store.logs()).length, 200, 'number of logs')
      await store.close()
    },
  },
  {
    name: 'readers never see a log go back',
    run: async (place) => {
      const store = place.open()
      const writing = { done: false }
      const read = async (): Promise<void> => {
        for (let last = 0; !writing.done;) {
          const { revision, bytes } = unwrap(await store.snapshot('foo'))
          check(revision >= last, `revision ${revision} after ${last}`)
          same(textOf(bytes), revision === 0 ? '(nothing)' : `${revision}`, 'bytes')
          last = revision
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
      }
      const readers = [read(), read()]
      try {
        for (let i = 1; i <= 200; i++) unwrap(await store.update('foo', () => bytesOf(`${i}`)))
      } finally {
        writing.done = true
      }
      await Promise.all(readers)
      await store.close()
    },
  },
]
