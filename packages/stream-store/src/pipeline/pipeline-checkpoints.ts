import {
  coreError,
  err,
  json,
  ok,
  systemClock,
  type AsyncResult,
  type JsonValue,
} from '@tidemark/core'
import type {
  PipelineError,
  PipelineOptions,
  PipelinePosition,
  PipelineReport,
} from './pipeline-options.ts'
import { resume, signalOf, SINK, SOURCE, STATE, type Resumed } from './resume.ts'
import { TIME_UP, TimedItems } from './timed-items.ts'

/** Unless said otherwise a checkpoint is due after so many items, … */
const EVERY_ITEMS = 1_000

/** … or so long after the first item that is in none. */
const EVERY_MS = 1_000

/**
 * Runs a source through a reducer, saving offsets and state in one commit, and goes on from the last
 * commit after a crash: every item is in the state exactly once.
 *
 * Resolves when the source ends, with a last checkpoint saved. `FENCED`: another process runs this
 * pipeline now; stop. `NO_USABLE_CHECKPOINT`: there are checkpoints and none can be used.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openStreamStore, pipelineCheckpoints } from '@tidemark/stream-store'
 *
 * async function* numbers(offsets: ReadonlyMap<string, string>) {
 *   for (let n = Number(offsets.get('0') ?? 0) + 1; n <= 10; n++) {
 *     yield { value: n, offset: String(n) }
 *   }
 * }
 * const store = unwrap(await openStreamStore({ store: new MemoryBlobStore() }))
 * const report = unwrap(
 *   await pipelineCheckpoints({
 *     store,
 *     source: numbers,
 *     initial: 0,
 *     parse: Number,
 *     reduce: (sum, n: number) => sum + n,
 *     every: { items: 4 },
 *   }),
 * )
 * report.state // => 55
 * await store.close()
 */
export async function pipelineCheckpoints<T, S extends JsonValue>(
  options: PipelineOptions<T, S>,
): AsyncResult<PipelineReport<S>, PipelineError> {
  const resumed = await resume(options)
  if (!resumed.ok) return resumed
  const run = new PipelineRun(options, resumed.value)
  const settled = await run.settleLast(resumed.value.isSinkDue)
  if (!settled.ok) return settled
  const items = new TimedItems(
    options.source(resumed.value.position?.offsets ?? new Map<string, string>()),
    options.clock ?? systemClock,
  )
  try {
    for (;;) {
      if (options.signal?.aborted === true) return err(aborted(options.signal))
      const next = await items.next(run.deadlineMs)
      if (next !== undefined && next !== TIME_UP) await run.take(next.item)
      const isDue = next === TIME_UP || run.isFull || (next === undefined && run.hasUnsaved)
      const saved = isDue ? await run.save() : ok()
      if (!saved.ok) return saved
      if (next === undefined) return ok(run.report(resumed.value.position))
    }
  } finally {
    await items.close()
  }
}

/** One run: the state as it is now, and what of it is in no checkpoint yet. */
class PipelineRun<T, S extends JsonValue> {
  readonly #options: PipelineOptions<T, S>
  readonly #everyItems: number
  readonly #everyMs: number
  readonly #offsets: Map<string, string>
  #state: S
  #position: PipelinePosition | undefined
  #items = 0
  #unsaved = 0
  #checkpoints = 0
  #firstUnsavedMs = 0

  constructor(options: PipelineOptions<T, S>, { state, position }: Resumed<S>) {
    this.#options = options
    this.#everyItems = options.every?.items ?? EVERY_ITEMS
    this.#everyMs = options.every?.ms ?? EVERY_MS
    this.#state = state
    this.#position = position
    this.#offsets = new Map(position?.offsets)
  }

  get hasUnsaved(): boolean {
    return this.#unsaved > 0
  }

  get isFull(): boolean {
    return this.#unsaved >= this.#everyItems
  }

  /** When the next checkpoint is due at the latest; never, while everything is saved. */
  get deadlineMs(): number | undefined {
    return this.hasUnsaved ? this.#firstUnsavedMs + this.#everyMs : undefined
  }

  async take(item: { value: T; offset: string; partition?: string }): Promise<void> {
    if (!this.hasUnsaved) this.#firstUnsavedMs = (this.#options.clock ?? systemClock).nowMs()
    this.#state = await this.#options.reduce(this.#state, item.value)
    this.#offsets.set(item.partition ?? '0', item.offset)
    this.#items += 1
    this.#unsaved += 1
  }

  /** Saves offsets and state in one commit, then lets the sink see it. */
  async save(): AsyncResult<void, PipelineError> {
    const { store, sink } = this.#options
    const encoded = json.encode(this.#state)
    if (!encoded.ok) return encoded
    const begun = store.begin({
      sourceOffsets: new Map([[SOURCE, { offsets: new Map(this.#offsets) }]]),
      sourceNames: [SOURCE],
      ...(sink === undefined ? {} : { sinkCommitStatuses: { [SINK]: 'pending' } as const }),
    })
    if (!begun.ok) return begun
    const writer = begun.value
    const put = await writer.put(STATE, encoded.value)
    const committed = put.ok ? await writer.commit(signalOf(this.#options)) : put
    if (!committed.ok) {
      await writer.abort()
      return committed
    }
    const { checkpointId, epoch } = committed.value
    this.#position = { checkpointId, epoch, offsets: new Map(this.#offsets) }
    this.#checkpoints += 1
    this.#unsaved = 0
    return this.settleLast(sink !== undefined)
  }

  /** Calls the sink for the last checkpoint, and writes down that it returned. */
  async settleLast(isDue: boolean): AsyncResult<void, PipelineError> {
    const { store, sink } = this.#options
    if (!isDue || sink === undefined || this.#position === undefined) return ok()
    await sink(this.#state, this.#position)
    const { checkpointId } = this.#position
    const recorded = await store.recordSinkStatus(checkpointId, { [SINK]: 'committed' })
    return recorded.ok ? ok() : recorded
  }

  report(resumedFrom: PipelinePosition | undefined): PipelineReport<S> {
    return {
      state: this.#state,
      items: this.#items,
      checkpoints: this.#checkpoints,
      resumedFrom,
      position: this.#position,
    }
  }
}

function aborted(signal: AbortSignal): PipelineError {
  const message = 'the pipeline was aborted by its signal; it goes on from its last checkpoint'
  const details = { operation: 'pipeline', committed: false } as const
  return coreError('ABORTED', message, details, signal.reason)
}
