import { describe, expect, it } from 'vitest'
import { coreError, MemoryBlobStore, ok, unwrap, type BlobStore } from '../src/index.ts'
import type { CommitLog } from '../src/log/commit-log.ts'
import { hintKey, recordKey } from '../src/log/log-keys.ts'
import {
  damage,
  fill,
  openPlainLog,
  payloadOf,
  plantRecords,
  PREFIX,
} from '../src/testing/commit-log/commit-log-case.ts'
import { FaultyBlobStore, type BlobCall } from '../src/testing/index.ts'

/** What an operation came to, when one call of the medium failed. */
interface Outcome {
  readonly call: BlobCall
  readonly result: unknown
  readonly store: BlobStore
}

/**
 * Does the same again and again, each time with the next call failing, until none is left that
 * could. What changes something is done on a new medium each time.
 */
async function failEachCall(
  prepare: (store: BlobStore) => Promise<unknown>,
  act: (log: CommitLog, store: BlobStore) => Promise<unknown>,
  changes = false,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let store: MemoryBlobStore | undefined
  for (let failing = 0; ; failing++) {
    if (store === undefined || changes) await prepare((store = new MemoryBlobStore()))
    let failed: BlobCall | undefined
    const plan = (call: BlobCall) => {
      if (call.index !== failing) return undefined
      failed = call
      return 'failed' as const
    }
    const log = openPlainLog(new FaultyBlobStore(store, { plan }), PREFIX)
    const result = await act(log, store)
    if (failed === undefined) return outcomes
    outcomes.push({ call: failed, result, store })
  }
}

const handle = (store: BlobStore): CommitLog => openPlainLog(store, PREFIX)

const FAILED = { ok: false, error: { code: 'IO_FAILED' } }

/** A log with a floor, a hint and kept records. */
async function prepareLong(store: BlobStore): Promise<void> {
  await plantRecords(store, 130)
  unwrap(await store.put(hintKey(PREFIX), new TextEncoder().encode('128')))
  unwrap(await handle(store).truncate(100, { keep: [40] }))
}

async function prepareDamaged(store: BlobStore): Promise<void> {
  await prepareLong(store)
  await damage(store, 130)
  await damage(store, 129)
}

describe('a call of the medium that fails', () => {
  const reads: Record<string, (log: CommitLog) => Promise<unknown>> = {
    latest: (log) => log.latest(),
    'a read': (log) => log.read(110),
    'a read of a kept record': (log) => log.read(40),
    salvage: (log) => log.salvage(),
    sweep: (log) => log.sweep(),
  }
  for (const [name, act] of Object.entries(reads)) {
    it(`is what ${name} answers, whichever it is`, async () => {
      const outcomes = await failEachCall(prepareLong, act)
      expect(outcomes.length).toBeGreaterThan(2)
      for (const { call, result } of outcomes) {
        expect(result, `${call.operation} ${call.key}`).toMatchObject(FAILED)
      }
    })
  }

  it('is what latest and salvage answer when the newest records are damaged', async () => {
    for (const act of [(log: CommitLog) => log.latest(), (log: CommitLog) => log.salvage()]) {
      for (const { call, result } of await failEachCall(prepareDamaged, act)) {
        expect(result, `${call.operation} ${call.key}`).toMatchObject(FAILED)
      }
    }
  })

  it('is what a walk over the records throws, even when damage is passed over', async () => {
    const walk = async (log: CommitLog) => {
      const seqs: number[] = []
      try {
        for await (const { seq } of log.records({ onDamage: () => undefined })) seqs.push(seq)
      } catch (error) {
        return { ok: false, error }
      }
      return seqs
    }
    for (const { call, result } of await failEachCall(prepareDamaged, walk)) {
      expect(result, `${call.operation} ${call.key}`).toMatchObject(FAILED)
    }
  })

  it('is what sweep answers when it is the deletion', async () => {
    const prepare = async (store: BlobStore) => {
      await plantRecords(store, 10)
      unwrap(await handle(store).truncate(9, { force: true }))
      await plantRecords(store, 2)
    }
    const outcomes = await failEachCall(prepare, (log) => log.sweep(), true)
    for (const { result } of outcomes) expect(result).toMatchObject(FAILED)
    expect(outcomes.at(-1)?.call.operation).toBe('delete')
  })

  it('leaves an append refused, or unknown once its record is there', async () => {
    const act = async (log: CommitLog, store: BlobStore) => {
      const tip = unwrap(await handle(store).latest())
      return log.append(tip, payloadOf(131))
    }
    const outcomes = await failEachCall(prepareLong, act, true)
    const told = outcomes.map(({ call, result }) => [call.operation, result])
    const unknown = {
      ok: false,
      error: {
        code: 'OUTCOME_UNKNOWN',
        details: { operation: 'append', seq: 131, reason: 'no-answer' },
      },
    }
    expect(told).toMatchObject([
      ['get', FAILED],
      ['read', FAILED],
      ['put', { ok: false, error: { code: 'IO_FAILED', details: { seq: 131 } } }],
      ['head', unknown],
      ['head', unknown],
      ['head', unknown],
      ['get', unknown],
      ['read', unknown],
    ])
    for (const { call, store } of outcomes) {
      const newest = unwrap(await handle(store).latest())?.seq
      expect(newest, `${call.operation} ${call.key}`).toBe(call.index > 2 ? 131 : 130)
    }
  })

  it('leaves a truncation done or not done, and is its answer', async () => {
    const act = (log: CommitLog) => log.truncate(120, { force: true, keep: [110] })
    const outcomes = await failEachCall(prepareLong, act, true)
    for (const { call, result, store } of outcomes) {
      expect(result, `${call.operation} ${call.key}`).toMatchObject(FAILED)
      const read = unwrap(await handle(store).read(119))
      expect(read?.seq, `${call.operation} ${call.key}`).toBe(
        call.operation === 'delete' ? undefined : 119,
      )
    }
    expect(outcomes.at(-1)?.call.operation).toBe('delete')
  })
})

/** Keeps some blobs for as long as it is told to. */
class StickyStore extends MemoryBlobStore {
  stuck = new Set<string>()

  override async delete(keys: string | readonly string[]): ReturnType<BlobStore['delete']> {
    const asked = typeof keys === 'string' ? [keys] : keys
    const failed = asked
      .filter((key) => this.stuck.has(key))
      .map((key) => ({ key, error: coreError('IO_FAILED', 'stuck', { operation: 'delete', key }) }))
    const report = unwrap(await super.delete(asked.filter((key) => !this.stuck.has(key))))
    return ok({ ...report, failed })
  }
}

describe('what cannot be deleted', () => {
  it('is counted as left, and swept later', async () => {
    const store = new StickyStore()
    const log = handle(store)
    await fill(log, 10)
    store.stuck = new Set([2, 4].map((seq) => recordKey(PREFIX, seq)))
    expect(unwrap(await log.truncate(9, { force: true }))).toMatchObject({ before: 9, left: 2 })
    expect(unwrap(await log.sweep())).toEqual({ before: 9, freed: [2, 4], left: 2 })
    store.stuck = new Set()
    expect(unwrap(await log.sweep())).toEqual({ before: 9, freed: [2, 4], left: 0 })
  })
})
