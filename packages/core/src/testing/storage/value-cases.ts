import { json, text, type Codec } from '../../codec/codec.ts'
import type { StandardSchema } from '../../codec/standard-schema.ts'
import { coreError } from '../../result/core-errors.ts'
import { err, ok, type AsyncResult } from '../../result/result.ts'
import { encodeJson } from '../../storage/json.ts'
import type { PutEntryError, UncommittedCheckpoint } from '../../storage/storage.ts'
import { check, detail, fails, same, succeeds } from '../check.ts'
import { load, save, valueOf, type StorageCase } from './storage-case.ts'

/** Accepts numbers and doubles them; answers at once or later. */
function doubling(isAsync: boolean): StandardSchema<number> {
  const validate = (value: unknown) =>
    typeof value === 'number' ? { value: value * 2 } : { issues: [{ message: 'not a number' }] }
  return {
    '~standard': {
      version: 1,
      vendor: 'contract',
      validate: (value: unknown) => (isAsync ? Promise.resolve(validate(value)) : validate(value)),
    },
  }
}

type Loss = readonly [what: string, value: unknown, path: string]

/** What JSON would change or drop, and where. */
const LOSSES: readonly Loss[] = [
  ['undefined', { a: [1, undefined] }, '$["a"][1]'],
  ['NaN', [Number.NaN], '$[0]'],
  ['infinity', { x: Number.NEGATIVE_INFINITY }, '$["x"]'],
  ['-0', { x: [-0] }, '$["x"][0]'],
  ['a bigint', { n: 1n }, '$["n"]'],
  ['a symbol', Symbol('s'), '$'],
  ['a function', { f: () => 1 }, '$["f"]'],
  ['a date', { at: new Date(0) }, '$["at"]'],
  ['a map', new Map(), '$'],
  ['a set', { s: new Set() }, '$["s"]'],
  ['a typed array', { inner: new Float64Array(1) }, '$["inner"]'],
  ['a class instance', [new URL('file:///')], '$[0]'],
  ['an object whose prototype is nameless', { __proto__: { __proto__: null } }, '$'],
  ['a lone surrogate', ['\ud800'], '$[0]'],
]

/** As from plain JavaScript, where no type is in the way. */
function putAnything(
  draft: UncommittedCheckpoint,
  key: string,
  value: unknown,
): AsyncResult<void, PutEntryError> {
  const strict: Codec<unknown> = { ...json, encode: encodeJson }
  return draft.put(key, value, { codec: strict })
}

/** Values in and out. */
export const valueCases: readonly StorageCase[] = [
  {
    name: 'JSON values come back equal, bytes as bytes',
    run: async ({ storage }) => {
      const one = await storage()
      const values = {
        nil: null,
        yes: true,
        no: false,
        zero: 0,
        tiny: 5e-324,
        huge: 1.7976931348623157e308,
        integer: 9_007_199_254_740_991,
        empty: '',
        text: 'é🌊\u0000\u2028',
        list: [],
        object: {},
        deep: { a: [{ b: [[null]] }] },
      }
      await save(one, 'a', { ...values, bytes: new Uint8Array([0, 255]), none: new Uint8Array() })
      const loaded = await load(await storage(), 'a')
      for (const [key, value] of Object.entries(values)) {
        same(await succeeds(loaded.get(key), 'get'), value, key)
      }
      same(await succeeds(loaded.get('bytes'), 'get'), new Uint8Array([0, 255]), 'bytes')
      same(await succeeds(loaded.getBytes('none'), 'getBytes'), new Uint8Array(), 'no bytes')
      same(
        await succeeds(loaded.getBytes('yes'), 'getBytes'),
        new Uint8Array([116, 114, 117, 101]),
        '',
      )
    },
  },
  {
    name: 'what JSON would silently change is ENCODE_FAILED with its path, and the draft goes on',
    run: async ({ storage }) => {
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      const cycle: { self?: unknown } = {}
      cycle.self = { cycle }
      const sparse: unknown[] = []
      sparse[2] = 1
      const odd: Loss[] = [
        ['a cycle', cycle, '$["self"]["cycle"]'],
        ['a hole', sparse, '$[0]'],
      ]
      for (const [what, value, path] of [...LOSSES, ...odd]) {
        const error = await fails(putAnything(draft, 'x', value), 'ENCODE_FAILED', what)
        same(detail(error, 'path'), path, `path of ${what}`)
      }
      await succeeds(draft.put('x', 'fine'), 'put')
      await succeeds(draft.commit(), 'commit')
      same(await valueOf(one, 'a', 'x'), 'fine', 'value')
    },
  },
  {
    name: 'a key __proto__ inside a value is an own key and reaches no prototype',
    run: async ({ storage }) => {
      const one = await storage()
      const value: unknown = JSON.parse(
        '{"__proto__":{"polluted":1},"constructor":{"prototype":2}}',
      )
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(putAnything(draft, 'x', value), 'put')
      await succeeds(draft.commit(), 'commit')
      const back = await valueOf(await storage(), 'a', 'x')
      check(typeof back === 'object' && back !== null, 'an object')
      same(Object.keys(back), ['__proto__', 'constructor'], 'own keys')
      same(Reflect.get({}, 'polluted'), undefined, 'a prototype')
    },
  },
  {
    name: 'a schema checks and transforms what is read; the bytes stay readable when it refuses',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { n: 21, s: 'text' })
      const loaded = await load(one, 'a')
      for (const isAsync of [false, true]) {
        same(await succeeds(loaded.get('n', doubling(isAsync)), 'get'), 42, 'output')
        const error = await fails(loaded.get('s', doubling(isAsync)), 'SCHEMA_MISMATCH', 'get')
        same([detail(error, 'identifier'), detail(error, 'key')], ['a', 's'], 'details')
        same(detail(error, 'issues'), [{ message: 'not a number', path: '' }], 'issues')
      }
      same((await succeeds(loaded.getBytes('s'), 'getBytes')).length, 6, 'bytes')
    },
  },
  {
    name: 'an entry is read with the codec it was written with, and never by guess',
    run: async ({ storage }) => {
      const upper = {
        id: 'upper',
        encode: (value: string) => ok(new TextEncoder().encode(value.toUpperCase())),
        decode: (bytes: Uint8Array, what: string) =>
          bytes.length > 0
            ? ok(new TextDecoder().decode(bytes))
            : err(coreError('DECODE_FAILED', `${what} is empty`, { what, codec: 'upper' })),
      }
      const one = await storage()
      const draft = await succeeds(one.createCheckpoint('a'), 'create')
      await succeeds(draft.put('t', 'text', { codec: text }), 'put text')
      await succeeds(draft.put('u', 'shout', { codec: upper }), 'put upper')
      await succeeds(draft.put('j', 'json'), 'put json')
      await succeeds(draft.commit(), 'commit')
      const loaded = await load(one, 'a')
      same(await succeeds(loaded.get('t'), 'get'), 'text', 't')
      await fails(loaded.get('u'), 'DECODE_FAILED', 'an unknown codec')
      same(await succeeds(loaded.get('u', undefined, { codec: upper }), 'get'), 'SHOUT', 'u')
      const wrong = await loaded.get('j', undefined, { codec: text })
      check(!wrong.ok, 'another codec than the one it was written with must be refused')
      same((await succeeds(loaded.getBytes('u'), 'getBytes')).length, 5, 'bytes')
      const knowing = await load(await storage({ codecs: [upper] }), 'a')
      same(await succeeds(knowing.get('u'), 'get'), 'SHOUT', 'u, known to the storage')
    },
  },
  {
    name: 'metadata comes back with the checkpoint, and is refused past 64 KiB or when lossy',
    run: async ({ storage }) => {
      const one = await storage()
      await save(one, 'a', { x: 1 }, { metadata: { by: 'test', n: 1 } })
      same((await load(await storage(), 'a')).metadata, { by: 'test', n: 1 }, 'metadata')
      const large = one.save('b', {}, { metadata: { text: 'x'.repeat(65_536) } })
      await fails(large, 'LIMIT_EXCEEDED', 'large metadata')
      await fails(one.save('b', {}, { metadata: { n: Number.NaN } }), 'ENCODE_FAILED', 'lossy')
      await fails(one.loadCheckpoint('b'), 'CHECKPOINT_NOT_FOUND', 'load')
    },
  },
  {
    name: 'many entries, small and large together, come back as they were',
    run: async ({ storage }) => {
      const one = await storage()
      const entries = Object.fromEntries(
        Array.from({ length: 60 }, (_, i) => [`k${i}`, new Uint8Array(i * 1500).fill(i)]),
      )
      await save(one, 'a', entries)
      const loaded = await load(await storage(), 'a')
      same(loaded.keys().length, 60, 'keys')
      for (const [key, value] of Object.entries(entries)) {
        const bytes = await succeeds(loaded.getBytes(key), key)
        check(bytes.length === value.length && bytes.every((byte) => byte === value[0]), key)
      }
    },
  },
]
