import {
  blobCommitLog,
  unwrap,
  type BlobStore,
  type CheckpointError,
  type Clock,
  type Result,
} from '@tidemark/core'
import { openOperation } from '../src/index.ts'
import type { OpenOptions } from '../src/open-options.ts'
import { decodeRecord } from '../src/record/decode-record.ts'
import type { Head } from '../src/record/record.ts'
import type { Operation, OperationReader } from '../src/operation.ts'
import type { PlainValue } from '../src/value/encode-value.ts'

/** A clock that runs only when somebody sleeps: a dead owner is waited out in no time. */
export function eagerClock(): Clock {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    sleep: async (ms, signal) => {
      if (signal?.aborted === true) throw new Error('aborted')
      // Longer than any silence that a record can ask others to bear.
      nowMs += ms + 4_000_000
      await Promise.resolve()
    },
    every: () => ({ stop: () => undefined }),
  }
}

/** Opens an operation as a successor would that cannot ask whether the owner lives. */
export function openEagerly(
  store: BlobStore,
  options: Partial<OpenOptions<PlainValue>> = {},
): ReturnType<typeof openOperation<PlainValue>> {
  return openOperation<PlainValue>({
    store,
    name: 'op',
    clock: eagerClock(),
    random: counted(),
    now: () => 1,
    stageAboveBytes: STAGE_ABOVE_BYTES,
    ...options,
  })
}

/** An eager clock on which the note of an attempt never comes due. */
export function idleClock(): Clock {
  const clock = eagerClock()
  const sleep: Clock['sleep'] = (ms, signal) =>
    ms === 50 ? new Promise(() => undefined) : clock.sleep(ms, signal)
  return { ...clock, sleep }
}

let incarnations = 0

/** Incarnations 1, 2, 3 … so that a failing seed fails again. */
function counted(): (bytes: Uint8Array<ArrayBuffer>) => Uint8Array {
  return (bytes) => {
    incarnations += 1
    new DataView(bytes.buffer).setUint32(bytes.length - 4, incarnations)
    return bytes
  }
}

/** What an operation looks like from outside, ids left out. */
export interface View {
  readonly state: string
  readonly result: PlainValue
  readonly history: readonly string[]
}

/** Looks at an operation, and checks that its parts agree with each other. */
export async function view(op: OperationReader<PlainValue>): Promise<View> {
  const { state, result, checkpoints } = unwrap(await op.status())
  const history: string[] = []
  let last: string | undefined
  for await (const ref of op.history()) {
    const { payload, id, label } = unwrap(await op.load(ref.id))
    if (id !== ref.id || ref.position !== history.length) throw new Error(`${id} is out of place`)
    history.push(`${ref.seq} ${label} ${JSON.stringify(payload)}`)
    last = id
  }
  if (checkpoints !== history.length) throw new Error(`${checkpoints} checkpoints are counted`)
  const latest = unwrap(await op.latest())
  if (latest?.id !== last) throw new Error(`latest is ${latest?.id}, the newest is ${last}`)
  return { state, result, history }
}

/** The blobs beside the log of an operation. */
export async function stagedIn(store: BlobStore): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of store.list({ prefix: 'operation/n-op.b/' })) keys.push(key)
  return keys
}

/**
 * The records that its base made void, that are still there and not known to have been deleted: a
 * name whose deletion no sync followed may come back.
 */
export async function voidIn(store: BlobStore): Promise<number[]> {
  const prefix = 'operation/n-op.'
  const log = blobCommitLog(store, prefix)
  let head: Head | undefined
  const kept = new Set<number>()
  for await (const record of log.records({ reverse: true })) {
    if (record.epoch === record.seq) kept.add(record.seq)
    else {
      const decoded = unwrap(decodeRecord(record.seq, record.payload))
      head ??= decoded.head
      for (const { at } of decoded.base?.kept ?? []) kept.add(at.record)
    }
  }
  const found: number[] = []
  for await (const { key } of store.list({ prefix: `${prefix}r` })) {
    const seq = Number(key.slice(`${prefix}r`.length))
    if (seq < (head?.base ?? 0) && !kept.has(seq)) found.push(seq)
  }
  return head?.swept === head?.base ? [] : found
}

/** The plain model of what an act does. */
export interface Model {
  nextSeq: number
  completed: boolean
  result: PlainValue
  checkpoints: { seq: number; label: string; payload: PlainValue }[]
}

export function newModel(): Model {
  return { nextSeq: 0, completed: false, result: undefined, checkpoints: [] }
}

/** Larger payloads than this are staged: those of the acts `large …`. */
const STAGE_ABOVE_BYTES = 100

/** What a large payload is. */
function largePayload(label: string): string {
  return `large ${label}`.repeat(20)
}

/** What an act by its name does to a model; gives a new one. */
export function apply(before: Model, act: string): Model {
  const model = { ...before, checkpoints: [...before.checkpoints] }
  const [verb = '', label = ''] = act.split(' ')
  if (verb === 'clear') return newModel()
  if (model.completed) return model
  if (verb === 'checkpoint') {
    model.checkpoints.push({ seq: model.nextSeq, label, payload: label })
    model.nextSeq += 1
  } else if (verb === 'large') {
    model.checkpoints.push({ seq: model.nextSeq, label, payload: largePayload(label) })
    model.nextSeq += 1
  } else if (verb === 'compact') {
    model.checkpoints = model.checkpoints.slice(-1).map((one) => ({ ...one, label }))
  } else if (verb === 'keep') {
    model.checkpoints = model.checkpoints.slice(-Number(label))
  } else if (verb === 'complete') {
    Object.assign(model, { completed: true, result: resultOf(label), checkpoints: [] })
  }
  return model
}

/** The result of `complete large` is large. */
function resultOf(label: string): string {
  return label === 'large' ? largePayload(label) : label
}

/** What the model looks like. */
export function viewOf({ completed, nextSeq, result, checkpoints }: Model): View {
  const state = completed ? 'completed' : nextSeq === 0 ? 'fresh' : 'active'
  const history = checkpoints.map(
    ({ seq, label, payload }) => `${seq} ${label} ${JSON.stringify(payload)}`,
  )
  return { state, result, history }
}

/** Does what a name says. */
export function act(
  op: Operation<PlainValue>,
  name: string,
): Promise<Result<unknown, CheckpointError>> {
  const [verb, label = ''] = name.split(' ')
  if (verb === 'checkpoint') return op.checkpoint(label, label)
  if (verb === 'large') return op.checkpoint(label, largePayload(label))
  if (verb === 'compact') return op.compact(label)
  if (verb === 'keep') return op.compact({ keepLast: Number(label) })
  return verb === 'clear' ? op.clear() : op.complete(resultOf(label))
}
