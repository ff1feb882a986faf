import { unwrap } from '@tidemark/core'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exportLogs, importLogs, memoryPersistence } from '../src/index.ts'
import type { LogStatePersistence } from '../src/index.ts'

async function linesOf(store: LogStatePersistence): Promise<string[]> {
  const lines: string[] = []
  for await (const line of exportLogs(store)) lines.push(line)
  return lines
}

async function storeOf(logs: Readonly<Record<string, Uint8Array>>): Promise<LogStatePersistence> {
  const store = memoryPersistence()
  for (const [id, bytes] of Object.entries(logs)) unwrap(await store.replace(id, 0, bytes))
  return store
}

const id = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
const checkpoint = fc.uint8Array({ minLength: 1, maxLength: 300 })

describe('an export', () => {
  it('brings every log to another store, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(id, checkpoint, { maxKeys: 8 }), async (logs) => {
        const [from, to] = [await storeOf(logs), memoryPersistence()]
        const report = unwrap(await importLogs(to, await linesOf(from)))
        expect(report.imported).toEqual(unwrap(await from.logs()))
        for (const [name, bytes] of Object.entries(logs)) {
          expect(unwrap(await to.latest(name))).toEqual(new Uint8Array(bytes))
        }
      }),
    )
  })

  it('of more logs than a page holds is whole', async () => {
    const store = memoryPersistence()
    for (let i = 0; i < 2500; i++) unwrap(await store.replace(`log ${i}`, 0, new Uint8Array([1])))
    expect(await linesOf(store)).toHaveLength(2501)
  })
})

describe('an import', () => {
  const older = new TextEncoder().encode('1')
  const newer = new TextEncoder().encode('2')
  const isForward = (stored: Uint8Array, imported: Uint8Array): boolean =>
    (stored[0] ?? 0) <= (imported[0] ?? 0)

  it('never touches a log that has a checkpoint, unless told which is newer', async () => {
    const lines = await linesOf(await storeOf({ a: newer, b: newer }))
    const store = await storeOf({ a: older })
    expect(unwrap(await importLogs(store, lines))).toEqual({ imported: ['b'], skipped: ['a'] })
    expect(unwrap(await store.latest('a'))).toEqual(older)
    const forward = await importLogs(store, lines, { isForward })
    expect(unwrap(forward)).toEqual({ imported: ['a', 'b'], skipped: [] })
    expect(unwrap(await store.latest('a'))).toEqual(newer)
  })

  it('never lowers', async () => {
    const lines = await linesOf(await storeOf({ a: older }))
    const store = await storeOf({ a: newer })
    const report = await importLogs(store, lines, { isForward })
    expect(unwrap(report)).toEqual({ imported: [], skipped: ['a'] })
    expect(unwrap(await store.latest('a'))).toEqual(newer)
  })

  it('of anything but a whole export writes nothing', async () => {
    const lines = await linesOf(await storeOf({ a: older, b: newer }))
    const [first = '', second = '', trailer = ''] = lines
    const broken = [
      [],
      [first, second],
      [first, trailer],
      [second, first, trailer],
      [first, first, trailer],
      [first, second, trailer, first],
      [first.replace('"revision":1', '"revision":2'), second, trailer],
      [first.replace('MQ==', 'MR=='), second, trailer],
      [first.replace('"id":"a"', '"id":"c"'), second, trailer],
      ['null', trailer],
      ['{"__proto__": {"count": 0}}', trailer],
      ['[[[['],
    ]
    for (const text of broken) {
      const store = memoryPersistence()
      const report = await importLogs(store, text)
      expect(report, text.join('\n')).toMatchObject({ error: { code: 'DECODE_FAILED' } })
      expect(unwrap(await store.logs())).toEqual([])
    }
  })
})
