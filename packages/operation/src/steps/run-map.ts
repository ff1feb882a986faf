import { coreError } from '@tidemark/core'
import type { MapOptions, StepContext } from './run-context.ts'
import { runStep, type StepRun } from './run-step.ts'

/** More at once than this is a mistake: each holds an item, a promise and a signal. */
const MAX_CONCURRENCY = 10_000

/** Runs a step for each item, so many at once; gives the results in the order of the items. */
export async function runMap<Item, T>(
  run: StepRun,
  step: string,
  items: Iterable<Item> | AsyncIterable<Item>,
  options: MapOptions<Item, T>,
  fn: (item: Item, step: StepContext) => T | Promise<T>,
): Promise<T[]> {
  const { key, concurrency = 1, collect = true, ...stepOptions } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > MAX_CONCURRENCY) {
    const reason = `it is a whole number from 1 to ${MAX_CONCURRENCY}`
    throw coreError('INVALID_ARGUMENT', `concurrency: ${reason}`, {
      argument: 'concurrency',
      reason,
    })
  }
  const total = Array.isArray(items) ? items.length : undefined
  run.events.emit({ type: 'mapStarted', step, total })
  const source = inTurn(items)
  const results: T[] = []
  let failure: { readonly error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (;;) {
      if (failure !== undefined) return
      const next = await source.next()
      if (next === undefined) return
      const { item, index } = next
      const id = { step, key: String(key(item, index)) }
      const result = await runStep(run, id, stepOptions, (context) => fn(item, context))
      if (collect) results[index] = result
    }
  }
  const guarded = (): Promise<void> =>
    work().catch((error: unknown) => {
      failure ??= { error }
    })
  await Promise.all(Array.from({ length: concurrency }, guarded))
  if (failure === undefined) {
    run.events.emit({ type: 'mapDone', step })
    return results
  }
  await source.close()
  throw failure.error
}

interface Turn<Item> {
  readonly next: () => Promise<{ readonly item: Item; readonly index: number } | undefined>
  readonly close: () => Promise<void>
}

/** The items one by one, whoever asks: an iterator is not asked twice at once. */
function inTurn<Item>(items: Iterable<Item> | AsyncIterable<Item>): Turn<Item> {
  const iterator =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let index = 0
  let last: Promise<unknown> = Promise.resolve()
  return {
    next: () => {
      const turn = last.then(async () => {
        const next = await iterator.next()
        if (next.done === true) return undefined
        return { item: next.value, index: index++ }
      })
      last = turn.catch(() => undefined)
      return turn
    },
    close: async () => {
      await last
      await iterator.return?.()
    },
  }
}
