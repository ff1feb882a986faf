import { isDeepStrictEqual } from 'node:util'
import { unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { describe, expect, it } from 'vitest'
import { crashStates, SimulatedDisk } from '@tidemark/core/testing'
import { runOperation } from '../src/index.ts'
import {
  act,
  apply,
  idleClock,
  newModel,
  openEagerly,
  stagedIn,
  view,
  viewOf,
  voidIn,
  type Model,
} from './support.ts'

/** States of one moment that are looked at; a soak looks at more, by other seeds. */
const LIMIT = Number(process.env['TIDEMARK_STATES'] ?? 24)
const STRIDE = process.env['TIDEMARK_STATES'] === undefined ? 12 : 1
const SEED = Number(process.env['TIDEMARK_SEED'] ?? 7)

/** A store on a simulated disk, for one process. */
async function storeOn(disk: SimulatedDisk): Promise<FileBlobStore> {
  return unwrap(await FileBlobStore.open('/data', { fileSystem: disk.fileSystem() }))
}

/** Does the acts one after the other, marking in the journal what was begun and acknowledged. */
async function perform(disk: SimulatedDisk, acts: readonly string[]): Promise<void> {
  const op = unwrap(await openEagerly(await storeOn(disk)))
  for (const [i, name] of acts.entries()) {
    disk.mark(`begun ${i}`)
    expect((await act(op, name)).ok).toBe(true)
    disk.mark(`done ${i}`)
  }
  await op.close()
}

/** The models that a crash may leave: everything acknowledged, and perhaps what was begun. */
function allowed(acts: readonly string[], marks: readonly string[]): Model[] {
  const done = marks.filter((mark) => mark.startsWith('done')).length
  const begun = marks.filter((mark) => mark.startsWith('begun')).length
  const models = [acts.slice(0, done).reduce(apply, newModel())]
  if (begun > done) models.push(acts.slice(0, begun).reduce(apply, newModel()))
  return models
}

const sequences: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['checkpoint a', 'checkpoint b'],
  compact: [
    'checkpoint a',
    'checkpoint b',
    'checkpoint c',
    'compact x',
    'checkpoint d',
    'compact y',
  ],
  clear: ['checkpoint a', 'clear', 'checkpoint b', 'clear'],
  complete: ['checkpoint a', 'complete done', 'clear', 'checkpoint b'],
  'a large checkpoint': ['large a', 'large b', 'compact x', 'large c', 'clear', 'large d'],
  'a large result': ['large a', 'complete large', 'clear', 'large b'],
}

describe('after a power cut at any moment', () => {
  for (const [verb, acts] of Object.entries(sequences)) {
    it(`${verb} is done or not, and nothing acknowledged is lost`, async () => {
      const disk = new SimulatedDisk()
      await perform(disk, acts)
      const states = crashStates(disk, { limit: LIMIT, seed: SEED })
      for (const state of states) {
        const models = allowed(acts, state.marks)
        const views = models.map(viewOf)
        const op = unwrap(await openEagerly(await storeOn(state.disk)))
        const found = await view(op)
        expect(await voidIn(await storeOn(state.disk))).toEqual([])
        const model = models[views.findIndex((one) => isDeepStrictEqual(one, found))]
        if (model === undefined) {
          expect({ found, explain: state.explain() }).toEqual({ found: views, explain: [] })
        }
        if (found.state !== 'completed') {
          const { seq } = unwrap(await op.checkpoint('after', 'after'))
          expect(seq).toBe(model?.nextSeq)
        }
        if (verb.includes('large')) {
          // Whatever the crash left behind is gone once everything is given up.
          unwrap(await op.clear())
          expect(await stagedIn(await storeOn(state.disk))).toEqual([])
        }
        await op.close()
      }
      process.stdout.write(`${verb}: ${states.report.states} states, seed ${SEED}\n`)
      expect(states.report.states).toBeGreaterThan(60)
    })
  }

  it('steps are folded or not, and no acknowledged step runs again', async () => {
    const disk = new SimulatedDisk()
    const steps = async (
      store: FileBlobStore,
      onRun: (step: number) => unknown,
      onDone: (step: number) => void,
    ): Promise<void> => {
      const options = { store, name: 'op', clock: idleClock(), keepOpen: true }
      const done = await runOperation(options, async (ctx) => {
        for (let step = 0; step < 262; step++) {
          await ctx.step(String(step), () => void onRun(step))
          onDone(step)
        }
      })
      unwrap(done)
    }
    const at = new Map<number, number>()
    await steps(
      await storeOn(disk),
      (step) => at.set(step, disk.journal.length),
      (step) => disk.mark(`done ${step}`),
    )
    // The fold and its trim come after 256 results.
    const [from = 0, to = 0] = [at.get(255), at.get(258)]
    const states = crashStates(disk, { from, to, limit: 10, seed: SEED })
    let index = 0
    for (const state of states) {
      // Many differ only in which of the void records were deleted; a soak looks at all.
      if ((index += 1) % STRIDE !== 0) continue
      const ran: number[] = []
      const done = state.marks.length
      await steps(
        await storeOn(state.disk),
        (step) => ran.push(step),
        () => undefined,
      )
      expect({ done, early: ran.filter((step) => step < done) }).toEqual({ done, early: [] })
      // At most the one step that was under way is there without being acknowledged.
      expect(ran.length).toBeGreaterThanOrEqual(262 - done - 1)
    }
    process.stdout.write(`steps: ${states.report.states} states, seed ${SEED}\n`)
    expect(states.report.states).toBeGreaterThan(50)
  })
})
