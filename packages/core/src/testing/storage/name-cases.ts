import { prefixed } from '../../blob/prefixed.ts'
import { detail, drain, fails, same, succeeds } from '../check.ts'
import { FaultyBlobStore } from '../faulty-blob-store.ts'
import { save, valueOf, type StorageCase } from './storage-case.ts'

/** Names that go wrong wherever they become file names as they are. */
const STRANGE = [
  '../../x',
  '/abs',
  'a/b',
  '..',
  '.',
  'a\\b',
  'nul\u0000inside',
  'line\nbreak',
  'con',
  'nul',
  'aux.txt',
  'name.',
  'name ',
  ' name',
  'x:y',
  'a*b?',
  '__proto__',
  'constructor',
  'toString',
  '🌊',
  'Job',
  'job',
  'JOB',
  'é',
  'e\u0301',
  'ﬁ',
  'fi',
  '%2e%2e',
  'n-x',
  'h-x',
  '_41',
  'A',
  'x'.repeat(118),
  'x'.repeat(119),
  'y'.repeat(1024),
  'é'.repeat(512),
  '\u{10ffff}',
  '\ufeff',
  '\u0000',
]

const BAD = {
  empty: '',
  'lone surrogate': 'a\ud800',
  'too long': 'x'.repeat(1025),
  'too long in UTF-8': 'é'.repeat(513),
}

/** In the order of UTF-8 bytes, which is not that of JavaScript's strings. */
const IN_ORDER = ['Z', 'a', 'a-', 'a.', 'aa', 'b', 'é', 'ﬀ', '\uffff', '\u{10000}', '🌊']

/** Identifiers and keys. */
export const nameCases: readonly StorageCase[] = [
  {
    name: 'any well-formed Unicode of up to 1024 bytes names a checkpoint of its own',
    run: async ({ storage }) => {
      const one = await storage()
      for (const [i, name] of STRANGE.entries()) await save(one, name, { i })
      const other = await storage()
      for (const [i, name] of STRANGE.entries()) {
        same(await valueOf(other, name, 'i'), i, JSON.stringify(name.slice(0, 40)))
      }
      const listed = await drain(other.checkpointIdentifiers())
      same(listed.toSorted(), STRANGE.toSorted(), 'identifiers')
    },
  },
  {
    name: 'any well-formed Unicode of up to 1024 bytes names an entry of its own',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      for (const [i, name] of STRANGE.entries()) await succeeds(draft.put(name, i), 'put')
      const committed = await succeeds(draft.commit(), 'commit')
      same(committed.keys().toSorted(), STRANGE.toSorted(), 'keys')
      for (const [i, name] of STRANGE.entries()) {
        same(await succeeds(committed.get(name), 'get'), i, JSON.stringify(name.slice(0, 40)))
      }
    },
  },
  {
    name: 'what is no name is INVALID_IDENTIFIER, before the medium is asked anything',
    run: async ({ store, storage }) => {
      const counted = new FaultyBlobStore(store)
      const one = await storage({}, counted)
      const draft = await succeeds(one.createCheckpoint('fine'), 'create')
      const before = counted.calls.length
      for (const [what, name] of Object.entries(BAD)) {
        await fails(one.createCheckpoint(name), 'INVALID_IDENTIFIER', `create: ${what}`)
        await fails(one.loadCheckpoint(name), 'INVALID_IDENTIFIER', `load: ${what}`)
        await fails(one.removeCheckpoint(name), 'INVALID_IDENTIFIER', `remove: ${what}`)
        await fails(one.save(name, {}), 'INVALID_IDENTIFIER', `save: ${what}`)
        const put = await fails(draft.put(name, 1), 'INVALID_IDENTIFIER', `put: ${what}`)
        same(detail(put, 'what'), 'key', 'details.what')
      }
      same(counted.calls.length, before, 'calls of the medium')
      await draft.abort()
    },
  },
  {
    name: 'identifiers and keys are listed in the order of their UTF-8 bytes',
    run: async ({ storage }) => {
      const one = await storage()
      for (const name of IN_ORDER.toReversed()) await save(one, name)
      same(await drain((await storage()).checkpointIdentifiers()), IN_ORDER, 'identifiers')
      const entries = Object.fromEntries(IN_ORDER.toReversed().map((name) => [name, 1]))
      await save(one, 'keys', entries)
      const loaded = await succeeds(one.loadCheckpoint('keys'), 'load')
      same(loaded.keys(), IN_ORDER, 'keys')
    },
  },
  {
    name: 'listing identifiers opens no checkpoint whose name fits its blob',
    run: async ({ store, storage }) => {
      const one = await storage()
      for (const name of ['a', 'b', 'c']) await save(one, name, { x: 1 })
      await succeeds(one.removeCheckpoint('b'), 'remove')
      const counted = new FaultyBlobStore(store)
      same(await drain((await storage({}, counted)).checkpointIdentifiers()), ['a', 'c'], 'names')
      const opened = counted.calls.filter(
        ({ operation, key }) => operation !== 'list' && key !== 'storage.json',
      )
      same(opened, [], 'what was read beside the listing and the header')
    },
  },
  {
    name: 'checkpoints of one name in two parts of a medium are independent',
    run: async ({ store, storage }) => {
      const [a, b] = [
        await storage({}, prefixed(store, 'a/')),
        await storage({}, prefixed(store, 'b/')),
      ]
      await save(a, 'x', { v: 'a' })
      await save(b, 'x', { v: 'b' })
      await save(b, 'y')
      same([await valueOf(a, 'x', 'v'), await valueOf(b, 'x', 'v')], ['a', 'b'], 'values')
      same(await drain(a.checkpointIdentifiers()), ['x'], 'identifiers of a')
      same(await drain(b.checkpointIdentifiers()), ['x', 'y'], 'identifiers of b')
      await succeeds(a.removeCheckpoint('x'), 'remove')
      same(await valueOf(b, 'x', 'v'), 'b', 'the other')
    },
  },
]
