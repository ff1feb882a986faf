import { unwrap } from '@tidemark/core'
import { fatalError, retryAfterError } from '../steps/retry.ts'
import type { RunContext, StepOptions } from '../steps/run-context.ts'
import { expectCode, expectEqual, expectTrue } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { open, quickClock, run } from './subject.ts'

const POLICY = { maxAttempts: 4, initialMs: 100, factor: 2, jitter: 0 }

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const retryCases: CaseTable = {
  'options of a step that make no sense are refused before it runs': async (store) => {
    const senseless: readonly StepOptions<number>[] = [
      { version: 0 },
      { timeoutMs: 0 },
      { retry: { maxAttempts: NaN } },
      { retry: { maxAttempts: 2, initialMs: -1 } },
      { retry: { maxAttempts: 2, factor: 0 } },
      { retry: { maxAttempts: 2, jitter: 2 } },
    ]
    let ran = 0
    for (const options of senseless) {
      const done = await run(store, (ctx) => ctx.step('a', options, () => (ran += 1)))
      expectCode(done, 'INVALID_ARGUMENT', JSON.stringify(options))
    }
    expectEqual(ran, 0, 'ran')
  },
  'a failing step is tried again, each time later': async (store) => {
    const slept: number[] = []
    const attempts: number[] = []
    const body = (ctx: RunContext): Promise<string> =>
      ctx.step('x', { retry: POLICY }, ({ attempt }) => {
        attempts.push(attempt)
        if (attempt < 4) throw new Error('again')
        return 'done'
      })
    const done = unwrap(await run(store, body, { clock: quickClock(slept) }))
    expectEqual([done, attempts], ['done', [1, 2, 3, 4]], 'attempts')
    expectEqual(
      slept.filter((ms) => ms >= 100),
      [100, 200, 400],
      'delays',
    )
  },
  'a fatal error ends a step, a delay that is asked for is kept': async (store) => {
    const slept: number[] = []
    const clock = quickClock(slept)
    let calls = 0
    const fatal = await run(
      store,
      (ctx) =>
        ctx.step('x', { retry: POLICY }, () => {
          calls += 1
          throw fatalError('never')
        }),
      { clock },
    )
    expectCode(fatal, 'STEP_FAILED', 'fatal')
    expectEqual(calls, 1, 'calls')
    slept.length = 0
    const body = (ctx: RunContext): Promise<number> =>
      ctx.step('y', { retry: POLICY }, ({ attempt }) => {
        if (attempt === 1) throw retryAfterError(5_000, 'busy')
        return attempt
      })
    expectEqual(unwrap(await run(store, body, { clock })), 2, 'attempt')
    expectEqual(slept.includes(5_000), true, 'the delay')
  },
  'attempts count on over a restart, up to the limit': async (store) => {
    const attempts: number[] = []
    const controller = new AbortController()
    const body = (ctx: RunContext): Promise<void> =>
      ctx.step('x', { retry: { ...POLICY, initialMs: 60_000 } }, ({ attempt }) => {
        attempts.push(attempt)
        if (attempts.length === 1) setTimeout(() => controller.abort(), 20)
        throw new Error('down')
      })
    const first = await run(store, body, { signal: controller.signal, graceMs: 50 })
    expectCode(first, 'ABORTED', 'the first')
    const second = await run(store, body, { clock: quickClock([]) })
    const details = expectCode(second, 'STEP_FAILED', 'the second')
    expectEqual(details, { step: 'x', attempts: 4 }, 'details')
    expectEqual(attempts, [1, 2, 3, 4], 'attempts')
    expectCode(await run(store, body, { clock: quickClock([]) }), 'STEP_FAILED', 'the third')
    expectEqual(attempts.slice(4), [5, 6, 7, 8], 'given up, so a new run has all attempts again')
  },
  'an idempotency key is the same for all attempts and for no other step': async (store) => {
    const keys: string[] = []
    let failing = true
    const body = async (ctx: RunContext): Promise<void> => {
      await ctx.step('x', { retry: { ...POLICY, initialMs: 1 } }, ({ attempt, idempotencyKey }) => {
        keys.push(idempotencyKey)
        if (attempt === 1) throw new Error('again')
      })
      await ctx.step('y', ({ idempotencyKey }) => {
        keys.push(idempotencyKey)
        if (failing) throw new Error('stop')
      })
      await ctx.step('x', { key: 1 }, ({ idempotencyKey }) => void keys.push(idempotencyKey))
    }
    expectCode(await run(store, body), 'STEP_FAILED', 'the first')
    failing = false
    unwrap(await run(store, body, { name: 'a/b .. \u{1f30a}' }))
    unwrap(await run(store, body, { name: 'another' }))
    const [x1, x2, y1, y2, keyed, other] = keys
    expectEqual([x1 === x2, y1 === y2], [true, true], 'attempts')
    expectEqual(new Set([x1, y1, keyed, other]).size, 4, 'steps')
  },
  'a step that takes too long is told to stop': async (store) => {
    let reason: unknown
    const late = await run(store, (ctx) =>
      ctx.step('x', { timeoutMs: 30 }, async ({ signal }) => {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
        reason = signal.reason
        return 'too late'
      }),
    )
    expectEqual(expectCode(late, 'STEP_TIMEOUT', 'late'), { step: 'x', timeoutMs: 30 }, 'details')
    expectTrue(reason instanceof Error, 'the signal gives a reason')
    let calls = 0
    unwrap(await run(store, (ctx) => ctx.step('x', { timeoutMs: 5_000 }, () => void (calls += 1))))
    expectEqual(calls, 1, 'nothing was recorded')
  },
  'a step that hears no signal is given up after the grace': async (store) => {
    const deaf = await run(
      store,
      (ctx) => ctx.step('x', { timeoutMs: 20 }, () => new Promise<void>(() => undefined)),
      { graceMs: 30 },
    )
    expectCode(deaf, 'STEP_TIMEOUT', 'the run')
  },
  'an aborted run stops, can be resumed, and lets go of the lease': async (store) => {
    const controller = new AbortController()
    const ran: string[] = []
    const body = async (ctx: RunContext): Promise<string> => {
      await ctx.step('a', () => void ran.push('a'))
      await ctx.step('b', async ({ signal }) => {
        ran.push('b')
        if (ran.length > 2) return
        setTimeout(() => controller.abort(), 10)
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told to stop'))),
        )
      })
      await ctx.step('c', () => void ran.push('c'))
      return 'done'
    }
    const aborted = await run(store, body, { signal: controller.signal, graceMs: 1_000 })
    expectCode(aborted, 'ABORTED', 'the first')
    await pause(5)
    await (await open(store)).close()
    expectEqual(unwrap(await run(store, body)), 'done', 'the second')
    expectEqual(ran, ['a', 'b', 'b', 'c'], 'ran')
  },
}
