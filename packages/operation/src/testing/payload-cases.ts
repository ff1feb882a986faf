import { json, text, unwrap, type StandardSchema } from '@tidemark/core'
import { openOperation } from '../open-operation.ts'
import { expectCode, expectEqual } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { NAME, open } from './subject.ts'

interface Page {
  readonly page: number
}

/** A schema by hand: an object with a page. */
const page: StandardSchema<Page> = {
  '~standard': {
    version: 1,
    vendor: 'tidemark',
    validate: async (value) => {
      const number: unknown =
        typeof value === 'object' && value !== null ? Reflect.get(value, 'page') : undefined
      return typeof number === 'number'
        ? { value: { page: number } }
        : { issues: [{ message: 'no page', path: ['page'] }] }
    },
  },
}

export const payloadCases: CaseTable = {
  'payloads come back as they were': async (store) => {
    const op = await open(store)
    const payloads = [undefined, null, 0, '', [1, { a: [] }], new Uint8Array([0, 255]), false]
    for (const payload of payloads) {
      const { id } = unwrap(await op.checkpoint('x', payload))
      expectEqual(unwrap(await op.load(id)).payload, payload, 'the payload')
    }
    await op.close()
  },
  'what the caller changes later changes nothing': async (store) => {
    const op = await open(store)
    const bytes = new Uint8Array([1, 2, 3])
    const recording = op.checkpoint('x', bytes)
    bytes[0] = 9
    const { id } = unwrap(await recording)
    const loaded = unwrap(await op.load(id)).payload
    expectEqual(loaded, new Uint8Array([1, 2, 3]), 'the payload')
    if (loaded instanceof Uint8Array) loaded[1] = 9
    expectEqual(unwrap(await op.load(id)).payload, new Uint8Array([1, 2, 3]), 'once more')
    await op.close()
  },
  'a payload that its schema refuses is not recorded and takes no number': async (store) => {
    const op = unwrap(await openOperation({ store, name: NAME, schema: page, staleAfterMs: 80 }))
    unwrap(await op.checkpoint('0', { page: 0 }))
    const bad: unknown = JSON.parse('{"page":"one"}')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what untyped callers do
    expectCode(await op.checkpoint('bad', bad as Page), 'SCHEMA_MISMATCH', 'checkpoint')
    const next = unwrap(await op.checkpoint('1', { page: 1 }))
    expectEqual(next.seq, 1, 'seq')
    expectEqual(unwrap(await op.latest())?.payload.page, 1, 'latest')
    await op.close()
  },
  'a schema that takes its time keeps the order of the calls': async (store) => {
    const slow: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'tidemark',
        validate: async (value) => {
          const ms = Number(value) % 2 === 0 ? 20 : 0
          await new Promise((resolve) => setTimeout(resolve, ms))
          return { value: Number(value) }
        },
      },
    }
    const op = unwrap(await openOperation({ store, name: NAME, schema: slow, staleAfterMs: 80 }))
    const refs = await Promise.all([0, 1, 2, 3].map((n) => op.checkpoint(String(n), n)))
    expectEqual(
      refs.map((ref) => unwrap(ref).seq),
      [0, 1, 2, 3],
      'seqs',
    )
    await op.close()
  },
  'an old payload is migrated, a newer one refused': async (store) => {
    const v1 = await open(store)
    const { id } = unwrap(await v1.checkpoint('one', { number: 7 }))
    await v1.close()
    const migrate = (old: unknown, version: number): unknown => {
      if (version !== 1 || typeof old !== 'object' || old === null) return old
      const number: unknown = Reflect.get(old, 'number')
      return { page: number }
    }
    const options = { store, name: NAME, schema: page, migrate, staleAfterMs: 80 }
    const v2 = unwrap(await openOperation({ ...options, version: 2 }))
    expectEqual(unwrap(await v2.load(id)).payload, { page: 7 }, 'migrated')
    await v2.close()
    const v3 = unwrap(await openOperation({ ...options, version: 3 }))
    const newer = unwrap(await v3.checkpoint('three', { page: 3 }))
    await v3.close()
    const reader = unwrap(await openOperation({ ...options, version: 2, mode: 'read' }))
    const details = expectCode(await reader.load(newer.id), 'UNSUPPORTED_VERSION', 'newer')
    expectEqual(details, { what: 'payload', found: 3, supported: 2 }, 'details')
    expectEqual(unwrap(await reader.loadBytes(newer.id)).sizeBytes > 0, true, 'its bytes')
  },
  'a payload is read with the codec that wrote it': async (store) => {
    const options = { store, name: NAME, staleAfterMs: 80 }
    const writer = unwrap(await openOperation({ ...options, codec: text }))
    const { id } = unwrap(await writer.checkpoint('x', 'caf\u00e9'))
    expectEqual(unwrap(await writer.load(id)).payload, 'caf\u00e9', 'text')
    await writer.close()
    const reader = unwrap(await openOperation({ ...options, codec: json, mode: 'read' }))
    expectCode(await reader.load(id), 'DECODE_FAILED', 'as JSON')
  },
}
