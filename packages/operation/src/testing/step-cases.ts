import { text, unwrap, type StandardSchema } from '@tidemark/core'
import type { OperationEvent } from '../events/operation-event.ts'
import { expectCode, expectEqual, expectThrown } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import type { RunContext } from '../steps/run-context.ts'
import { open, run } from './subject.ts'

/** Three steps that note that they ran; `c` fails as long as it is told to. */
function abc(ran: string[], failing: () => boolean) {
  return async (ctx: RunContext): Promise<string> => {
    const a = await ctx.step('a', () => (ran.push('a'), 'A'))
    const b = await ctx.step('b', () => (ran.push('b'), 'B'))
    const c = await ctx.step('c', () => {
      ran.push('c')
      if (failing()) throw new Error('not yet')
      return 'C'
    })
    return a + b + c
  }
}

export const stepCases: CaseTable = {
  'a completed run gives its result and runs nothing': async (store) => {
    const ran: string[] = []
    expectEqual(
      unwrap(
        await run(
          store,
          abc(ran, () => false),
        ),
      ),
      'ABC',
      'the first',
    )
    let entered = false
    const again = await run(store, async () => {
      entered = true
    })
    expectEqual([unwrap(again), entered, ran], ['ABC', false, ['a', 'b', 'c']], 'the second')
  },
  'a failed run resumes after what is recorded': async (store) => {
    const ran: string[] = []
    const failed = await run(
      store,
      abc(ran, () => true),
    )
    const details = expectCode(failed, 'STEP_FAILED', 'the first')
    expectEqual(details, { step: 'c', attempts: 1 }, 'details')
    const events: OperationEvent[] = []
    const onEvent = (event: OperationEvent): void => void events.push(event)
    expectEqual(
      unwrap(
        await run(
          store,
          abc(ran, () => false),
          { onEvent },
        ),
      ),
      'ABC',
      'result',
    )
    expectEqual(ran, ['a', 'b', 'c', 'c'], 'ran')
    const names = events.map((event) =>
      'step' in event ? `${event.type} ${event.step}` : event.type,
    )
    const expected = 'opened,leaseTaken,stepSkipped a,stepSkipped b,stepStarted c,stepDone c'
    expectEqual(names, [...expected.split(','), 'completed', 'closed'], 'events')
  },
  'a listener that throws changes nothing': async (store) => {
    const onEvent = (): void => {
      throw new Error('broken bar')
    }
    expectEqual(
      unwrap(
        await run(
          store,
          abc([], () => false),
          { onEvent },
        ),
      ),
      'ABC',
      'result',
    )
  },
  'the same step twice in one run is a mistake': async (store) => {
    await run(store, async (ctx) => {
      await ctx.step('x', () => 1)
      await expectThrown(() => ctx.step('x', () => 2), 'DUPLICATE_STEP', 'again')
      await ctx.step('x', { key: 1 }, () => 3)
      await ctx.step('x', { key: 2 }, () => 4)
      await expectThrown(() => ctx.step('x', { key: '2' }, () => 5), 'DUPLICATE_STEP', 'keyed')
      const both = [ctx.step('y', () => 1), ctx.step('y', () => 2)]
      const settled = await Promise.allSettled(both)
      expectEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'rejected'],
        'at once',
      )
      throw new Error('stop')
    }).catch(() => undefined)
    const again = await run(store, async (ctx) => {
      expectEqual(await ctx.step('x', { key: 1 }, () => 0), 3, 'recorded')
      await expectThrown(() => ctx.step('x', { key: 1 }, () => 0), 'DUPLICATE_STEP', 'skipped')
    })
    unwrap(again)
  },
  'undefined is a result; a function is none': async (store) => {
    let calls = 0
    const body = async (ctx: RunContext): Promise<void> => {
      await ctx.step('nothing', () => void (calls += 1))
      await ctx.step('function', () => {
        calls += 100
        return () => 1
      })
    }
    expectCode(await run(store, body), 'ENCODE_FAILED', 'the first')
    expectCode(await run(store, body), 'ENCODE_FAILED', 'the second')
    expectEqual(calls, 201, 'calls')
  },
  'a result is recorded and read with the codec of its step': async (store) => {
    let ran = 0
    const steps = (ctx: RunContext): Promise<string> =>
      ctx.step('a', { codec: text }, () => ((ran += 1), 'caf\u00e9'))
    unwrap(await run(store, steps, { keepOpen: true }))
    expectEqual(
      [unwrap(await run(store, steps, { keepOpen: true })), ran],
      ['caf\u00e9', 1],
      'read',
    )
    expectCode(await run(store, (ctx) => ctx.step('a', () => '')), 'DECODE_FAILED', 'as JSON')
  },
  'a result that its schema refuses is not recorded': async (store) => {
    const even: StandardSchema<number> = {
      '~standard': {
        version: 1,
        vendor: 'tidemark',
        validate: (value) =>
          typeof value === 'number' && value % 2 === 0
            ? { value }
            : { issues: [{ message: 'odd' }] },
      },
    }
    let next = 1
    const body = (ctx: RunContext): Promise<number> => ctx.step('n', { schema: even }, () => next++)
    expectCode(await run(store, body), 'SCHEMA_MISMATCH', 'odd')
    expectEqual(unwrap(await run(store, body)), 2, 'even')
  },
  'a changed version is an error, or runs again, or is kept': async (store) => {
    const options = { keepOpen: true }
    const v1 = (ctx: RunContext): Promise<string> => ctx.step('x', { version: 1 }, () => 'one')
    unwrap(await run(store, v1, options))
    const v2 =
      (onChange?: 'error' | 'rerun' | 'keep') =>
      (ctx: RunContext): Promise<string> =>
        ctx.step('x', { version: 2, ...(onChange === undefined ? {} : { onChange }) }, () => 'two')
    const details = expectCode(await run(store, v2(), options), 'STEP_CHANGED', 'by default')
    expectEqual(details, { step: 'x', recorded: 1, asked: 2 }, 'details')
    expectEqual(unwrap(await run(store, v2('keep'), options)), 'one', 'keep')
    expectEqual(unwrap(await run(store, v2('rerun'), options)), 'two', 'rerun')
    expectEqual(unwrap(await run(store, v2(), options)), 'two', 'and then')
    expectCode(await run(store, v1, options), 'STEP_CHANGED', 'the old code')
  },
  'of steps at once, only the failed one runs again': async (store) => {
    const ran: string[] = []
    const body = (failing: string) => async (ctx: RunContext) => {
      const all = ['1', '2', '3', '4', '5'].map((name) =>
        ctx.step(name, () => {
          ran.push(name)
          if (name === failing) throw new Error('this one')
          return name
        }),
      )
      await Promise.allSettled(all)
      return (await Promise.all(all)).join('')
    }
    expectCode(await run(store, body('3')), 'STEP_FAILED', 'the first')
    expectEqual(unwrap(await run(store, body(''))), '12345', 'the second')
    expectEqual(ran, ['1', '2', '3', '4', '5', '3'], 'ran')
  },
  'map runs what is missing, no more at once than it may': async (store) => {
    const items = Array.from({ length: 300 }, (_, i) => i)
    let [now, most, calls] = [0, 0, 0]
    const body = (until: number) => async (ctx: RunContext) => {
      const squares = await ctx.map(
        'square',
        items,
        { key: (n) => n, concurrency: 8 },
        async (n) => {
          if (calls >= until) throw new Error('stopped')
          calls += 1
          now += 1
          most = Math.max(most, now)
          await new Promise((resolve) => setTimeout(resolve, 2))
          now -= 1
          return n * n
        },
      )
      return squares.reduce((sum, n) => sum + n, 0)
    }
    expectCode(await run(store, body(100)), 'STEP_FAILED', 'the first')
    expectEqual(calls, 100, 'calls')
    const sum = unwrap(await run(store, body(Infinity)))
    expectEqual([sum, calls], [items.reduce((all, n) => all + n * n, 0), 300], 'the second')
    expectEqual(most, 8, 'at once')
  },
  'map takes streams and closes them when it fails': async (store) => {
    let closed = false
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (let n = 0; ; n++) yield n
      } finally {
        closed = true
      }
    }
    const failed = await run(store, async (ctx) => {
      await ctx.map('n', numbers(), { key: (n) => n, concurrency: 3 }, (n) => {
        if (n === 20) throw new Error('enough')
        return n
      })
    })
    expectCode(failed, 'STEP_FAILED', 'the run')
    expectEqual(closed, true, 'the stream is closed')
  },
  'a cursor goes on where the last run saved it': async (store) => {
    const seen: unknown[] = []
    const body = (stop: boolean) => async (ctx: RunContext) => {
      await ctx.step('long', async () => {
        const cursor = ctx.state<number>('page')
        seen.push(cursor.value)
        for (let page = cursor.value ?? 0; page <= 100; page++) {
          cursor.save(page)
          if (stop && page === 40) {
            await cursor.flush()
            throw new Error('killed')
          }
        }
      })
      return ctx.state<number>('page').value
    }
    expectCode(await run(store, body(true)), 'STEP_FAILED', 'the first')
    expectEqual(unwrap(await run(store, body(false))), 100, 'the second')
    expectEqual(seen, [undefined, 40], 'seen')
  },
  'resuming reads results whatever has been folded': async (store) => {
    const count = 280
    const sum = async (ctx: RunContext, calls: { n: number }): Promise<number> => {
      let all = 0
      for (let i = 0; i < count; i++) {
        all += await ctx.step('add', { key: i }, () => {
          calls.n += 1
          return i
        })
      }
      return all
    }
    const first = { n: 0 }
    unwrap(await run(store, (ctx) => sum(ctx, first), { keepOpen: true }))
    const op = await open(store)
    expectEqual(unwrap(await op.status()).steps, count, 'steps')
    unwrap(await op.checkpoint('between', 1))
    unwrap(await op.compact('compacted'))
    await op.close()
    const second = { n: 0 }
    const total = unwrap(await run(store, (ctx) => sum(ctx, second), { keepOpen: true }))
    expectEqual([total, first.n, second.n], [(count * (count - 1)) / 2, count, 0], 'runs')
    const dropping = await open(store)
    unwrap(await dropping.compact({ dropSteps: true }))
    await dropping.close()
    const third = { n: 0 }
    unwrap(await run(store, (ctx) => sum(ctx, third)))
    expectEqual(third.n, count, 'after dropping them')
  },
  'results that are folded while a run resumes are still found': async (store) => {
    let calls = 0
    const steps = async (ctx: RunContext, name: string, count: number): Promise<void> => {
      for (let key = 0; key < count; key++) await ctx.step(name, { key }, () => void (calls += 1))
    }
    unwrap(await run(store, (ctx) => steps(ctx, 'old', 250), { keepOpen: true }))
    const both = async (ctx: RunContext): Promise<void> => {
      await steps(ctx, 'new', 10)
      await steps(ctx, 'old', 250)
    }
    unwrap(await run(store, both))
    expectEqual(calls, 260, 'calls')
  },
  'checkpoints that were made before many steps stay': async (store) => {
    const op = await open(store)
    const { id } = unwrap(await op.checkpoint('before', 1))
    await op.close()
    const steps = async (ctx: RunContext): Promise<void> => {
      for (let key = 0; key < 270; key++) await ctx.step('n', { key }, () => key)
    }
    unwrap(await run(store, steps, { keepOpen: true }))
    const again = await open(store)
    expectEqual(unwrap(await again.load(id)).payload, 1, 'the checkpoint')
    await again.close()
  },
  'steps that nobody asks for any more are named': async (store) => {
    unwrap(await run(store, (ctx) => ctx.step('old', () => 1), { keepOpen: true }))
    const orphans: unknown[] = []
    const onEvent = (event: OperationEvent): void => {
      if (event.type === 'completed') orphans.push(...event.orphans)
    }
    unwrap(await run(store, (ctx) => ctx.step('new', () => 2), { onEvent }))
    expectEqual(orphans, ['old'], 'orphans')
  },
}
