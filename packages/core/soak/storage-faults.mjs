// A storage on a medium that fails, loses answers and writes late at random, against a plain model:
// what was acknowledged is there or was replaced, what is there is whole, and the storage goes on.
import { isTidemarkError, MemoryBlobStore, openStorage, unwrap } from '../dist/index.js'
import { FaultyBlobStore, seededRandom } from '../dist/testing/index.js'
import { nothing, soak } from '@tidemark/bench-kit/soak'

const FAULTS = ['failed', 'full', 'dropped', 'lost', 'late']
const LISTED = new Set([
  'IO_FAILED',
  'NO_SPACE',
  'OUTCOME_UNKNOWN',
  'CONFLICT',
  'CHECKPOINT_NOT_FOUND',
  'CHECKPOINT_IN_USE',
])
const REPLACE = { ifExists: 'replace' }

/** What one identifier may be: every value that may be the newest. */
class Model {
  possible = new Set(['absent'])

  done(state) {
    this.possible = new Set([state])
  }

  maybe(state) {
    this.possible.add(state)
  }
}

async function read(storage) {
  const loaded = await storage.loadCheckpoint('a')
  if (!loaded.ok) return loaded.error.code === 'CHECKPOINT_NOT_FOUND' ? 'absent' : loaded.error
  const [value, big] = [await loaded.value.get('n'), await loaded.value.getBytes('big')]
  await loaded.value.close()
  if (!value.ok || !big.ok) return value.ok ? big.error : value.error
  return big.value.every((byte) => byte === value.value % 256) ? `n ${value.value}` : 'a mixture'
}

await soak('storage on a failing medium', 3000, async (_, own) => {
  const random = seededRandom(own)
  const draw = (width) => Math.floor(random() * width)
  const medium = new MemoryBlobStore()
  const rate = draw(4) === 0 ? 0.4 : 0.06
  let isFailing = true
  const plan = () => (isFailing && random() < rate ? FAULTS[draw(FAULTS.length)] : undefined)
  const store = new FaultyBlobStore(medium, { plan })
  // Without waiting: the clock of a lost answer is not what this is about.
  const realTimeout = globalThis.setTimeout
  globalThis.setTimeout = (fn) => realTimeout(fn, 0)
  const storage = openStorage(store, { keepLast: 1, guard: draw(2) === 0 })
  const model = new Model()
  const wrong = []
  for (let step = 0; step < 25; step++) {
    const n = own % 1000 === 0 ? step : draw(1_000_000)
    const what = draw(10)
    const [state, result] =
      what < 6
        ? [
            `n ${n}`,
            await storage.save(
              'a',
              { n, big: new Uint8Array(draw(3) === 0 ? 70_000 : 10).fill(n % 256) },
              REPLACE,
            ),
          ]
        : what < 8
          ? ['absent', await storage.removeCheckpoint('a')]
          : [undefined, await storage.gc()]
    if (result.ok && state !== undefined) model.done(state)
    if (!result.ok) {
      const { code, kind } = isTidemarkError(result.error) ? result.error : {}
      if (!LISTED.has(code)) wrong.push(`step ${step}: ${String(result.error)}`)
      if (kind === 'unknown' && state !== undefined) model.maybe(state)
    }
    if (draw(3) === 0) await store.releaseLate()
  }
  await store.releaseLate()
  isFailing = false
  globalThis.setTimeout = realTimeout
  const stranger = openStorage(medium, { guard: false })
  const found = await read(stranger)
  if (!model.possible.has(found)) {
    wrong.push(`found ${String(found)}, possible ${[...model.possible].join(', ')}`)
  }
  const { problems } = unwrap(await stranger.verify())
  wrong.push(...problems.map(({ error }) => error.message))
  const after = await storage.save('a', { n: 7, big: new Uint8Array(10).fill(7) }, REPLACE)
  if (!after.ok) wrong.push(`afterwards: ${after.error.message}`)
  else if ((await read(stranger)) !== 'n 7') wrong.push('what was saved afterwards is not there')
  await storage.close()
  nothing(wrong)
})
