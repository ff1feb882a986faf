import { unwrap, type BlobStore, type Clock } from '@tidemark/core'
import { openOperation } from '../open-operation.ts'
import type { OpenOptions } from '../open-options.ts'
import type { CheckpointRef, HistoryOptions, Operation, OperationReader } from '../operation.ts'
import { runOperation, type RunOptions } from '../steps/run-operation.ts'
import type { PlainValue } from '../value/encode-value.ts'

/** The name of the operation under test. */
export const NAME = 'a/b .. \u{1f30a}'

/** Leases in the contract: short, for some cases wait for them to run out. */
export const STALE_AFTER_MS = 400

/** Opens the operation under test. */
export async function open(
  store: BlobStore,
  options: Partial<OpenOptions<PlainValue>> = {},
): Promise<Operation<PlainValue>> {
  return unwrap(
    await openOperation({ store, name: NAME, staleAfterMs: STALE_AFTER_MS, ...options }),
  )
}

/** Opens it for reading. */
export async function read(store: BlobStore): Promise<OperationReader<PlainValue>> {
  return unwrap(await openOperation({ store, name: NAME, mode: 'read' }))
}

/** Runs steps in the operation under test. */
export const run = (
  store: BlobStore,
  body: Parameters<typeof runOperation<PlainValue | void>>[1],
  options: Partial<RunOptions> = {},
): ReturnType<typeof runOperation<PlainValue | void>> =>
  runOperation({ store, name: NAME, staleAfterMs: STALE_AFTER_MS, ...options }, body)

/** All of the history. */
export async function historyOf(
  operation: OperationReader<unknown>,
  options?: HistoryOptions,
): Promise<CheckpointRef[]> {
  const refs: CheckpointRef[] = []
  for await (const ref of operation.history(options)) refs.push(ref)
  return refs
}

/** All keys of a store. */
export async function keysOf(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list()) keys.push(key)
  return keys
}

/** Makes checkpoints with the labels `0`, `1` … and the same numbers as payloads. */
export async function checkpoints(
  operation: Operation<PlainValue>,
  count: number,
): Promise<CheckpointRef[]> {
  const refs: CheckpointRef[] = []
  for (let i = 0; i < count; i++) refs.push(unwrap(await operation.checkpoint(String(i), i)))
  return refs
}

/** A clock on which sleeping takes no time but is written down; beats never come. */
export function quickClock(slept: number[]): Clock {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) throw new Error('aborted')
      // Short ones are offers and leases of other tests; they never come due here.
      if (ms === 50) return new Promise(() => undefined)
      slept.push(ms)
      nowMs += ms
    },
    every: () => ({ stop: () => undefined }),
  }
}

/** A clock that stands still: an owner that goes by it beats once, and never again. */
export function stoppedClock(): Clock {
  return {
    nowMs: () => 0,
    sleep: () => new Promise(() => undefined),
    every: () => ({ stop: () => undefined }),
  }
}
