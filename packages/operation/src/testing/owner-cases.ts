import { unwrap } from '@tidemark/core'
import { openOperation } from '../open-operation.ts'
import { expectCode, expectEqual, expectTrue } from './expect.ts'
import type { CaseTable } from './operation-contract.ts'
import { checkpoints, keysOf, NAME, open, read, STALE_AFTER_MS, stoppedClock } from './subject.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

export const ownerCases: CaseTable = {
  'a second owner is locked out, and in after the first has closed': async (store) => {
    const first = await open(store)
    const second = await openOperation({ store, name: NAME, staleAfterMs: STALE_AFTER_MS })
    const details = expectCode(second, 'LOCKED', 'the second')
    expectTrue(JSON.stringify(details).includes('epoch'), 'the owner is named')
    await first.close()
    await (await open(store)).close()
  },
  'waiting ends when the owner lets go': async (store) => {
    const first = await open(store)
    const waiting = open(store, { wait: 5_000 })
    await pause(60)
    await first.close()
    const second = await waiting
    unwrap(await second.checkpoint('mine', 1))
    await second.close()
  },
  'waiting ends when its time is up': async (store) => {
    const first = await open(store)
    const late = await openOperation({
      store,
      name: NAME,
      staleAfterMs: STALE_AFTER_MS,
      wait: 600,
    })
    expectCode(late, 'LOCKED', 'after the wait')
    unwrap(await first.checkpoint('still mine', 1))
    await first.close()
  },
  'waiting can be aborted at once and leaves nothing behind': async (store) => {
    const first = await open(store)
    const controller = new AbortController()
    const before = await keysOf(store)
    const { signal } = controller
    const waiting = openOperation({ store, name: NAME, wait: true, signal })
    await pause(60)
    const begun = performance.now()
    controller.abort()
    expectCode(await waiting, 'ABORTED', 'the wait')
    const tookMs = performance.now() - begun
    expectTrue(tookMs < 250, `answered after ${tookMs} ms`)
    expectEqual(await keysOf(store), before, 'keys')
    unwrap(await first.checkpoint('still mine', 1))
    await first.close()
  },
  'a displaced owner publishes nothing': async (store) => {
    const sleeper = await open(store, { clock: stoppedClock() })
    await checkpoints(sleeper, 2)
    const taker = await open(store)
    const { id } = unwrap(await taker.checkpoint('taken over', 'new'))
    expectCode(await sleeper.checkpoint('late', 'old'), 'FENCED', 'checkpoint')
    expectEqual(sleeper.lost.aborted, true, 'lost')
    expectCode(await sleeper.compact('late'), 'FENCED', 'compact')
    expectCode(await sleeper.clear(), 'FENCED', 'clear')
    expectCode(await sleeper.complete(), 'FENCED', 'complete')
    expectEqual(unwrap(await taker.latest())?.id, id, 'latest')
    expectEqual(unwrap(await sleeper.latest())?.id, id, 'latest as the displaced one reads it')
    await sleeper.close()
    unwrap(await taker.checkpoint('going on', 1))
    await taker.close()
  },
  'whoever takes over from an owner that did not let go says so': async (store) => {
    const first = await open(store)
    expectEqual(unwrap(await first.status()).takenOverFrom, undefined, 'the first')
    await first.close()
    const sleeper = await open(store, { clock: stoppedClock() })
    const { owner, takenOverFrom } = unwrap(await sleeper.status())
    expectEqual(takenOverFrom, undefined, 'after one that let go')
    const events: unknown[] = []
    const third = await open(store, { onEvent: (event) => void events.push(event) })
    expectEqual(unwrap(await third.status()).takenOverFrom, owner, 'after one that did not')
    expectEqual(unwrap(await (await read(store)).status()).takenOverFrom, owner, 'to readers')
    expectTrue(JSON.stringify(events).includes(`"takenOverFrom":${JSON.stringify(owner)}`), 'event')
    await third.close()
    await sleeper.close()
  },
  'opening and closing many times leaves the operation as it was': async (store) => {
    const first = await open(store)
    const [ref] = await checkpoints(first, 1)
    await first.close()
    for (let i = 0; i < 40; i++) await (await open(store)).close()
    const op = await open(store)
    expectEqual(unwrap(await op.latest())?.id, ref?.id, 'latest')
    await op.close()
  },
}
