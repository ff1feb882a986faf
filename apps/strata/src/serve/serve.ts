import { fileURLToPath } from 'node:url'
import * as z from 'zod/mini'
import type { StoreQuestion } from '../find-store.ts'
import { ACTS } from '../chaos/chaos-view.ts'
import { newBoard, type Board } from './board.ts'
import { showChunks } from './check-chunks.ts'
import type { Child } from './child.ts'
import { newEventStream } from './event-stream.ts'
import type { Refusal } from './gate.ts'
import { guardViewOf } from './guard-view.ts'
import { listen } from './listen.ts'
import { newLive, type About } from './live.ts'
import { readPage } from './static-files.ts'
import { startWatchedChaos } from './watched-chaos.ts'
import { startWatchedRun } from './watched-run.ts'

/** What is to be served. */
export interface ServeOptions {
  readonly about: About
  /** The store that was asked for; `undefined`: the repository's own. */
  readonly store: string | undefined
  /** 0: any that is free. */
  readonly port: number
  readonly token: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly now: () => number
  readonly date: () => Date
}

/** A page that is served. */
export interface Serving {
  /** The address of the page, without the token. */
  readonly url: string
  readonly board: Board
  /** Lets a run save its place, and ends. */
  readonly close: () => Promise<void>
}

const PAGE = fileURLToPath(new URL('../../dist/page', import.meta.url))

/** Serves the page, and begins to read. Rejects where the port is not to be had. */
export async function serve(options: ServeOptions): Promise<Serving> {
  const board = newBoard(newLive(options.about))
  const desk = newDesk(board, options)
  const events = newEventStream(board)
  const { live } = board
  const { port, token } = options
  const { close, port: given } = await listen({
    port,
    token,
    files: await readPage(PAGE),
    events: { path: '/api/events', join: events.join },
    questions: new Map<string, () => unknown>([
      ['/api/live', live],
      ['/api/report', () => live().report],
      ['/api/status', () => live().run],
      ['/api/logs', () => live().guard.published],
      ['/api/recovery', () => live().recovery],
    ]),
    deeds: desk.deeds,
  })
  desk.begin()
  return {
    url: `http://127.0.0.1:${given}/`,
    board,
    close: async () => {
      events.close()
      await Promise.all([desk.close(), close()])
    },
  }
}

/** Where what the buttons ask for is done: one thing at a time. */
interface Desk {
  readonly deeds: ReadonlyMap<string, (body: unknown) => Refusal | undefined>
  readonly begin: () => void
  readonly close: () => Promise<void>
}

const CHAOS = z.strictObject({
  seed: z.int().check(z.nonnegative(), z.maximum(999_999_999)),
  act: z.optional(z.enum(ACTS)),
})
const NOTHING = z.strictObject({})
const RUN = z.strictObject({ from: z.enum(['resume', 'begin']) })
const END = z.strictObject({ signal: z.enum(['SIGKILL', 'SIGINT']) })

const BUSY: Refusal = { status: 409, message: 'something is being done already' }
const IDLE: Refusal = { status: 409, message: 'nothing runs that could be ended' }
const UNSEALED: Refusal = { status: 409, message: 'nothing is sealed yet' }

function newDesk(board: Board, options: ServeOptions): Desk {
  const { about, store, environment, now, date } = options
  const question: StoreQuestion = { place: about.repository, store, environment }
  let child: Child | undefined
  let checking: Promise<void> | undefined
  let looking = Promise.resolve()
  const lookAfter = async (last: Promise<void>): Promise<void> => {
    await last
    const guard = await guardViewOf(question)
    if (guard !== undefined) board.put('guard', guard)
  }
  const look = (): void => {
    looking = lookAfter(looking)
  }
  const run = (from: 'resume' | 'begin'): undefined => {
    const where = store === undefined ? [] : ['--store', store]
    const anew = from === 'begin' ? ['--fresh'] : []
    const often = about.every === undefined ? [] : ['--every', String(about.every)]
    const args = ['run', about.repository, ...often, ...where, ...anew]
    const onEnd = (): void => void (child = undefined)
    child = startWatchedRun(board, { args, environment, now, date, onStored: look, onEnd })
  }
  const verify = (): Refusal | undefined => {
    const { sealed } = board.live().guard
    if (sealed === undefined) return UNSEALED
    // What is kept beside the chunks is looked at with them.
    look()
    checking = showChunks(board, question, sealed.root).finally(() => (checking = undefined))
    return undefined
  }
  const breakThings = ({ seed, act }: z.infer<typeof CHAOS>): undefined => {
    const onEnd = (): void => void (child = undefined)
    child = startWatchedChaos(board, { seed, act, environment, onEnd })
  }
  const isBusy = (): boolean => child !== undefined || checking !== undefined
  return {
    deeds: new Map([
      deed('/api/run', RUN, ({ from }) => (isBusy() ? BUSY : run(from))),
      deed('/api/end', END, ({ signal }) => (child === undefined ? IDLE : child.kill(signal))),
      deed('/api/chaos', CHAOS, (asked) => (isBusy() ? BUSY : breakThings(asked))),
      deed('/api/verify', NOTHING, () => (isBusy() ? BUSY : verify())),
    ]),
    begin: () => run('resume'),
    close: async () => {
      child?.kill('SIGTERM')
      await child?.ended
      await checking
      await looking
    },
  }
}

/** A deed whose body is of one shape, and nothing else. */
function deed<T>(
  path: string,
  shape: z.ZodMiniType<T>,
  work: (body: T) => Refusal | undefined | void,
): [string, (body: unknown) => Refusal | undefined] {
  return [
    path,
    (sent) => {
      const body = shape.safeParse(sent)
      if (!body.success) return { status: 400, message: 'that is not what this takes' }
      return work(body.data) ?? undefined
    },
  ]
}
