import { blobCommitLog, MemoryBlobStore, unwrap, type BlobStore, type Damage } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { openOperation, runOperation, type OperationEvent, type RunContext } from '../src/index.ts'
import { decodeRecord } from '../src/record/decode-record.ts'
import { encodeRecord } from '../src/record/encode-record.ts'
import { stagedName } from '../src/record/staged-name.ts'
import { eagerClock, openEagerly, stagedIn } from './support.ts'

/** Changes a byte in the middle of a record. */
async function damage(store: BlobStore, seq: number): Promise<void> {
  const key = `operation/n-op.r${seq}`
  const blob = unwrap(await store.get(key))
  const bytes = unwrap((await blob?.bytes()) ?? { ok: true, value: new Uint8Array() })
  const middle = Math.floor(bytes.length / 2)
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  unwrap(await store.put(key, bytes))
}

/** An operation with five checkpoints in the records 3 to 7. */
async function withFive(store: BlobStore): Promise<string[]> {
  const op = unwrap(await openEagerly(store))
  const ids: string[] = []
  for (let i = 0; i < 5; i++) ids.push(unwrap(await op.checkpoint(String(i), i)).id)
  await op.close()
  return ids
}

async function recordsIn(store: BlobStore): Promise<number[]> {
  const prefix = 'operation/n-op.r'
  const found: number[] = []
  for await (const { key } of store.list({ prefix })) found.push(Number(key.slice(prefix.length)))
  return found
}

describe('a damaged record', () => {
  it('that is the newest is stepped over, and everybody is told', async () => {
    const store = new MemoryBlobStore()
    const ids = await withFive(store)
    await damage(store, 7)
    const reader = unwrap(await openOperation({ store, name: 'op', mode: 'read' }))
    expect(unwrap(await reader.latest())?.payload).toBe(3)
    expect(unwrap(await reader.status()).recovered.map(({ seq }) => seq)).toEqual([7])
    const events: OperationEvent[] = []
    const op = unwrap(await openEagerly(store, { onEvent: (event) => void events.push(event) }))
    expect(events.find(({ type }) => type === 'recovered')).toMatchObject({ skipped: [{ seq: 7 }] })
    expect(unwrap(await op.status()).recovered.map(({ seq }) => seq)).toEqual([7])
    expect(unwrap(await op.latest())?.id).toBe(ids[3])
    const { id } = unwrap(await op.checkpoint('again', 'again'))
    expect(ids).not.toContain(id)
    expect(await op.load(ids[4] ?? '')).toMatchObject({ error: { code: 'CORRUPTED' } })
    await op.close()
  })

  it('that is older is reported where it is read, and nowhere else', async () => {
    const store = new MemoryBlobStore()
    const ids = await withFive(store)
    await damage(store, 4)
    const op = unwrap(await openEagerly(store))
    expect(unwrap(await op.status()).recovered).toEqual([])
    expect(unwrap(await op.latest())?.payload).toBe(4)
    expect(await op.load(ids[1] ?? '')).toMatchObject({ error: { code: 'CORRUPTED' } })
    const found: number[] = []
    const walk = async (onDamage?: (damage: Damage) => void): Promise<void> => {
      found.length = 0
      const history = op.history(onDamage === undefined ? {} : { onDamage })
      for await (const { seq } of history) found.push(seq)
    }
    await expect(walk()).rejects.toMatchObject({ code: 'CORRUPTED' })
    const damages: number[] = []
    await walk(({ seq }) => void damages.push(seq))
    expect({ found, damages }).toEqual({ found: [0, 2, 3, 4], damages: [4] })
    expect(unwrap(await op.compact('x')).kept).toBe(1)
    await op.close()
  })

  it('that everything stands on fails closed, until the operation is restarted', async () => {
    const store = new MemoryBlobStore()
    await withFive(store)
    await damage(store, 2)
    expect(await openEagerly(store)).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(await recordsIn(store)).toHaveLength(8)
    const op = unwrap(await openEagerly(store, { restart: true }))
    expect(unwrap(await op.status()).state).toBe('fresh')
    // Its owner and its base: of what cannot be read any more nothing is left.
    expect(await recordsIn(store)).toHaveLength(2)
    await op.close()
  })

  it('of steps fails the run, or runs them again if that is asked for', async () => {
    const store = new MemoryBlobStore()
    let ran = 0
    const body = async (ctx: RunContext): Promise<void> => {
      for (const name of ['a', 'b', 'c']) await ctx.step(name, () => void (ran += 1))
    }
    const options = { store, name: 'op', clock: eagerClock(), keepOpen: true }
    unwrap(await runOperation(options, body))
    await damage(store, 4)
    expect(await runOperation(options, body)).toMatchObject({ error: { code: 'CORRUPTED' } })
    expect(ran).toBe(3)
    unwrap(await runOperation({ ...options, onDamage: 'rerun' }, body))
    expect(ran).toBe(4)
    unwrap(await runOperation(options, body))
    expect(ran).toBe(4)
  })

  it('of steps that is the newest is stepped over once and for all', async () => {
    const store = new MemoryBlobStore()
    let ran = 0
    const body = async (ctx: RunContext): Promise<void> => {
      for (const name of ['a', 'b', 'c']) await ctx.step(name, () => void (ran += 1))
    }
    const options = { store, name: 'op', clock: eagerClock(), keepOpen: true }
    unwrap(await runOperation(options, body))
    const newest = unwrap(await blobCommitLog(store, 'operation/n-op.').latest())
    await damage(store, newest?.seq ?? 0)
    unwrap(await runOperation(options, body))
    unwrap(await runOperation(options, body))
    expect(ran).toBe(4)
  })

  it('whose blob is damaged is reported where it is read, and nowhere else', async () => {
    const store = new MemoryBlobStore()
    const op = unwrap(await openEagerly(store))
    const ids: string[] = []
    for (const label of ['a', 'b', 'c']) {
      ids.push(unwrap(await op.checkpoint(label, label.repeat(1000))).id)
    }
    const [first = '', second = '', third = ''] = await stagedIn(store)
    unwrap(await store.put(first, new Uint8Array(1000)))
    unwrap(await store.put(second, new Uint8Array([1])))
    for (const id of ids.slice(0, 2)) {
      expect(await op.load(id)).toMatchObject({ error: { code: 'CORRUPTED' } })
      expect(await op.loadBytes(id)).toMatchObject({ error: { code: 'CORRUPTED' } })
    }
    expect(unwrap(await op.latest())?.payload).toBe('c'.repeat(1000))
    unwrap(await store.delete(third))
    expect(await op.latest()).toMatchObject({ error: { code: 'CORRUPTED' } })
    const seqs: number[] = []
    for await (const { seq } of op.history()) seqs.push(seq)
    expect(seqs).toEqual([0, 1, 2])
    await op.close()
  })

  it('of a step whose blob is damaged fails the run, or runs it again', async () => {
    const store = new MemoryBlobStore()
    let ran = 0
    const large = 'x'.repeat(1000)
    const body = (ctx: RunContext): Promise<string> => ctx.step('a', () => ((ran += 1), large))
    const options = { store, name: 'op', clock: eagerClock(), keepOpen: true, stageAboveBytes: 100 }
    unwrap(await runOperation(options, body))
    const [key = ''] = await stagedIn(store)
    unwrap(await store.put(key, new Uint8Array(1002)))
    expect(await runOperation(options, body)).toMatchObject({ error: { code: 'CORRUPTED' } })
    const told: OperationEvent[] = []
    const onEvent = (event: OperationEvent): void => void told.push(event)
    unwrap(await runOperation({ ...options, onEvent, onDamage: 'rerun' }, body))
    expect(told.map(({ type }) => type)).toContain('recovered')
    expect(unwrap(await runOperation(options, body))).toBe(large)
    expect(ran).toBe(2)
  })

  it('cannot lead to anything but what was staged for it or before it', () => {
    const head = { incarnation: '0'.repeat(16), base: 1, swept: 0, fold: 0, nextSeq: 0, steps: 0 }
    const named = (blob: string, sizeBytes: number, pieces: string[]): boolean => {
      const body = { at: { blob, pieces }, sizeBytes }
      return decodeRecord(
        3,
        encodeRecord({ head, entries: [{ kind: 'outcome', codec: 'json', body }] }),
      ).ok
    }
    expect(named(stagedName(3, '0'.repeat(16)), 1, ['x'])).toBe(true)
    expect(named(stagedName(4, '0'.repeat(16)), 1, ['x'])).toBe(false)
    for (const blob of ['../x', 'r1', '', `${stagedName(3, '0'.repeat(16))}/x`, '0'.repeat(33)]) {
      expect({ blob, ok: named(blob, 1, ['x']) }).toEqual({ blob, ok: false })
    }
    expect(named(stagedName(3, '0'.repeat(16)), -1, ['x'])).toBe(false)
  })

  it('whose fields make no sense is damaged, never an exception', async () => {
    const head = { incarnation: '0'.repeat(16), base: 1, swept: 0, fold: 0, nextSeq: 1, steps: 0 }
    const entry = {
      kind: 'checkpoint',
      label: 'x',
      atMs: 1,
      version: 1,
      codec: 'json',
      body: new Uint8Array([49]),
    } as const
    const whole = encodeRecord({ head, entries: [entry] })
    expect(decodeRecord(2, whole).ok).toBe(true)
    for (let cut = 0; cut < whole.length; cut++) {
      expect(decodeRecord(2, whole.subarray(0, cut)).ok).toBe(false)
    }
    const text = new TextDecoder().decode(whole.subarray(4, whole.length - 1))
    const bad = [
      text.replace('"base":1', '"base":3'),
      text.replace('"nextSeq":1', '"nextSeq":-1'),
      text.replace('"nextSeq":1', '"nextSeq":1e300'),
      text.replace('"size":1', '"size":2'),
      text.replace('"size":1', '"size":0'),
      text.replace('"kind":"checkpoint"', '"kind":"constructor"'),
      text.replace('"entries":[', '"entries":{"__proto__":['),
      text.replace('0000000000000000', 'zzzzzzzzzzzzzzzz'),
      text.replace('"head":{', '"base":{},"head":{'),
      '[]',
      'null',
    ]
    for (const json of bad) {
      const bytes = new TextEncoder().encode(json)
      const payload = new Uint8Array(4 + bytes.length + 1)
      new DataView(payload.buffer).setUint32(0, bytes.length)
      payload.set(bytes, 4)
      expect({ json, ok: decodeRecord(2, payload).ok }).toEqual({ json, ok: false })
    }
    const newer = new TextEncoder().encode('{"format":2}')
    const payload = new Uint8Array(4 + newer.length)
    new DataView(payload.buffer).setUint32(0, newer.length)
    payload.set(newer, 4)
    expect(decodeRecord(2, payload)).toMatchObject({ error: { code: 'UNSUPPORTED_VERSION' } })
  })
})
