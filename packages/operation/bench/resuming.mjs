// How long it takes to skip steps that an earlier run finished.
import { row, timeMs } from '@tidemark/bench-kit'
import { unwrap } from '@tidemark/core'
import { runOperation } from '@tidemark/operation'
import { syncedStore, unsyncedStore } from './stores.mjs'

const STEPS = 10_000

export async function resuming(dir) {
  const run = async (store, onRun) =>
    unwrap(
      await runOperation({ store, name: 'steps', keepOpen: true }, async (ctx) => {
        for (let i = 0; i < STEPS; i++) await ctx.step(`step ${i}`, () => (onRun(), i))
      }),
    )
  let ran = 0
  await run(await unsyncedStore(`${dir}/steps`), () => (ran += 1))
  if (ran !== STEPS) throw new Error(`${ran} steps ran`)
  const ms = await timeMs(async () => run(await syncedStore(`${dir}/steps`), () => (ran += 1)))
  if (ran !== STEPS) throw new Error('a finished step ran again')
  row(`resume of ${STEPS} finished steps`, `${ms.toFixed(0)} ms`, '', '< 1000 ms', ms < 1000)
}
