import { isDeepStrictEqual } from 'node:util'
import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FaultyBlobStore, seededRandom } from '@tidemark/core/testing'
import type { OperationEvent } from '../src/index.ts'
import { act, apply, newModel, openEagerly, stagedIn, view, viewOf, type Model } from './support.ts'

/** What one owner did between taking the lease and losing it. */
interface Session {
  epoch: number
  readonly acts: { readonly name: string; readonly outcome: 'done' | 'unknown' | 'not' }[]
  readonly ids: string[]
}

/** So often, in a hundred calls, the other owner gets its turn: between, it is paused. */
const SWITCHES = 0.04

/** Lets the calls of two owners through one at a time, in an order drawn from a seed. */
class Turnstile {
  readonly #random: () => number
  readonly #waiting: [(() => void)[], (() => void)[]] = [[], []]
  #favoured: 0 | 1 = 0

  constructor(random: () => number) {
    this.#random = random
  }

  gateOf(who: 0 | 1): () => Promise<void> {
    return () => new Promise((resolve) => this.#waiting[who].push(resolve))
  }

  /** Runs until both have come to their end. */
  async run(owners: readonly Promise<unknown>[]): Promise<void> {
    const running = { over: false }
    const all = Promise.all(owners).finally(() => (running.over = true))
    while (!running.over) {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#random() < SWITCHES) this.#favoured = this.#favoured === 0 ? 1 : 0
      const own = this.#waiting[this.#favoured]
      const from = own.length > 0 ? own : this.#waiting[this.#favoured === 0 ? 1 : 0]
      from.splice(Math.floor(this.#random() * from.length), 1)[0]?.()
    }
    await all
  }
}

/** Opens again and again, and does something at random until the lease is lost. */
async function owner(
  store: BlobStore,
  who: string,
  random: () => number,
  sessions: Session[],
): Promise<void> {
  let count = 0
  for (let round = 0; round < 5; round++) {
    const session: Session = { epoch: 0, acts: [], ids: [] }
    const onEvent = (event: OperationEvent): void => {
      if (event.type === 'leaseTaken') session.epoch = event.epoch
      if (event.type === 'checkpoint') session.ids.push(event.checkpoint.id)
    }
    const opened = await openEagerly(store, { onEvent })
    if (!opened.ok) continue
    const op = opened.value
    sessions.push(session)
    for (let i = 0; i < 6 && !op.lost.aborted; i++) {
      const name = draw(random, `${who}${(count += 1)}`)
      const done = await act(op, name)
      const unknown = !done.ok && done.error.code === 'OUTCOME_UNKNOWN'
      session.acts.push({ name, outcome: done.ok ? 'done' : unknown ? 'unknown' : 'not' })
    }
    await op.close()
  }
}

function draw(random: () => number, label: string): string {
  const n = random()
  if (n < 0.3) return `large ${label}`
  if (n < 0.6) return `checkpoint ${label}`
  if (n < 0.75) return `compact ${label}`
  if (n < 0.95) return `keep ${2 + Math.floor(random() * 3)}`
  return `clear ${label}`
}

/** What a schedule came to. */
export interface Verdict {
  readonly fault: string | undefined
  /** How often an owner was displaced while it worked. */
  readonly displaced: number
  readonly acknowledged: number
}

/**
 * Two owners take an operation from each other, in an order drawn from a seed. The records order
 * their sessions by epoch, so the end must be what the plain model makes of the acknowledged acts in
 * that order, with any act of unknown outcome done or not.
 */
export async function twoOwners(seed: number): Promise<Verdict> {
  const random = seededRandom(seed)
  const medium = new MemoryBlobStore()
  const turnstile = new Turnstile(random)
  const sessions: Session[] = []
  const owners = ([0, 1] as const).map((who) => {
    const store = new FaultyBlobStore(medium, { gate: turnstile.gateOf(who) })
    return owner(store, who === 0 ? 'a' : 'b', random, sessions)
  })
  await turnstile.run(owners)
  const acts = sessions.sort((a, b) => a.epoch - b.epoch).flatMap((session) => session.acts)
  const op = unwrap(await openEagerly(medium))
  const found = await view(op).catch((error: unknown) => String(error))
  // Losers have staged, too: when everything is given up, nothing is left of it.
  if (typeof found !== 'string' && found.state === 'fresh') unwrap(await op.checkpoint('x', 1))
  unwrap(await op.clear())
  const left = await stagedIn(medium)
  await op.close()
  const views = possible(acts).map(viewOf)
  const ids = sessions.flatMap((session) => session.ids)
  const acknowledged = acts.filter(({ outcome }) => outcome === 'done').length
  const displaced = acts.filter(({ outcome }) => outcome === 'not').length
  const isTwice = new Set(ids).size !== ids.length
  const isRight = views.some((one) => isDeepStrictEqual(one, found))
  const said = `seed ${seed}: ${JSON.stringify(found)}, of ${JSON.stringify(views[0])}`
  const garbage = left.length === 0 ? undefined : `seed ${seed}: ${left.join(' ')} is left`
  const fault = isTwice ? `seed ${seed}: an id twice` : isRight ? garbage : said
  return { fault, displaced, acknowledged }
}

/** The models that acts in their order can have led to. */
function possible(acts: Session['acts']): Model[] {
  let models = [newModel()]
  for (const { name, outcome } of acts) {
    if (outcome === 'not') continue
    const applied = models.map((model) => apply(model, name))
    const all = outcome === 'done' ? applied : [...models, ...applied]
    models = all.filter((one, i) => all.findIndex((other) => isDeepStrictEqual(one, other)) === i)
  }
  return models
}
