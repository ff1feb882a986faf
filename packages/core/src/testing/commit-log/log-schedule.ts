import type { BlobBody, PutOptions } from '../../blob/blob-store.ts'
import { MemoryBlobStore } from '../../blob/memory-blob-store.ts'
import type { CommitLog, LogRecord } from '../../log/commit-log.ts'
import { FaultyBlobStore, type BlobCall, type Fault } from '../faulty-blob-store.ts'
import type { Choose } from '../simulated-disk/choices.ts'
import { createScheduler, type Scheduler } from '../simulated-disk/scheduler.ts'
import { openPlainLog, PREFIX } from './commit-log-case.ts'
import { LogHistory, type Answer } from './log-history.ts'

/** One thing that a client does; it remembers the record it read last. */
export type Step = 'latest' | 'append' | 'read' | 'truncate'

/** Who does what, and how much may go wrong. */
export interface LogScenario {
  /** The steps of each client, in order. */
  readonly clients: readonly (readonly Step[])[]
  /** Records that are there before the clients begin. */
  readonly records?: number
  /** The clients, counted from 0, that have read the newest record before the schedule begins. */
  readonly warm?: readonly number[]
  /** At most so many puts lose their answer, are dropped or take effect late. */
  readonly faults?: number
}

/** What went wrong with puts, so that nobody knows whether they took effect. */
const FAULTS: readonly (Fault | undefined)[] = [undefined, 'lost', 'dropped', 'late']

/** A medium that tells a history what took effect on it. */
class ObservedBlobStore extends MemoryBlobStore {
  readonly #history: LogHistory

  constructor(history: LogHistory) {
    super()
    this.#history = history
  }

  override async put(...[key, body, options]: [string, BlobBody, PutOptions?]) {
    const put = await super.put(key, body, options)
    if (put.ok && body instanceof Uint8Array) this.#history.written(key, body)
    return put
  }

  override async delete(keys: string | readonly string[]) {
    this.#history.deleted(typeof keys === 'string' ? [keys] : keys)
    return super.delete(keys)
  }
}

/**
 * Runs clients of one log in the order that `choose` decides, call by call, with answers lost and
 * writes late; says what no log may do.
 */
export async function runLogSchedule(scenario: LogScenario, choose: Choose): Promise<string[]> {
  const history = new LogHistory()
  const medium = new ObservedBlobStore(history)
  await prepare(medium, history, scenario.records ?? 0)
  const scheduler = createScheduler(choose)
  let faults = scenario.faults ?? 0
  const plan = ({ operation, key }: BlobCall): Fault | undefined => {
    if (operation !== 'put' || faults === 0 || key.endsWith('hint')) return undefined
    const fault = FAULTS[choose(FAULTS.length)]
    if (fault !== undefined) faults -= 1
    return fault
  }
  let hasBegun = false
  const clients = scenario.clients.map((_, i) => {
    const name = `client ${i + 1}`
    const turn = gateOf(scheduler, name)
    const gate = async (call: BlobCall): Promise<void> => (hasBegun ? turn(call) : undefined)
    const store = new FaultyBlobStore(medium, { plan, gate })
    return new Client(name, openPlainLog(store, PREFIX), history)
  })
  for (const i of scenario.warm ?? []) await clients[i]?.run(['latest'])
  hasBegun = true
  const running = clients.map((client, i) => client.run(scenario.clients[i] ?? []))
  for (const end of await scheduler.run(running)) {
    if (end?.status === 'rejected') history.violations.push(`thrown: ${String(end.reason)}`)
  }
  await checkRest(medium, history)
  return history.violations
}

function gateOf(scheduler: Scheduler, name: string): (call: BlobCall) => Promise<void> {
  return ({ operation, key, isLate }) =>
    scheduler.turn(isLate ? `late ${name}` : name, { call: 'mark', path: `${operation} ${key}` })
}

/** As the log is before anybody comes. */
async function prepare(medium: MemoryBlobStore, history: LogHistory, records: number) {
  const client = new Client('before', openPlainLog(medium, PREFIX), history)
  await client.run(['latest', ...Array.from({ length: records }, () => 'append' as const)])
}

/** When everything has come to rest, a stranger finds the newest record, and only true ones. */
async function checkRest(medium: MemoryBlobStore, history: LogHistory): Promise<void> {
  const log = openPlainLog(medium, PREFIX)
  const newest = await log.latest()
  const seq = newest.ok ? (newest.value?.seq ?? 0) : newest.error.code
  if (seq !== history.newest) {
    history.violations.push(`at rest the newest is ${seq}, it should be ${history.newest}`)
  }
  for await (const record of log.records()) history.read('a stranger', record)
}

/** One process that works on the log. */
class Client {
  readonly #name: string
  readonly #log: CommitLog
  readonly #history: LogHistory
  #tip: LogRecord | undefined
  #seen = 0
  #appends = 0

  constructor(name: string, log: CommitLog, history: LogHistory) {
    this.#name = name
    this.#log = log
    this.#history = history
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#steps[step]()
  }

  readonly #steps: Readonly<Record<Step, () => Promise<void>>> = {
    latest: async () => {
      const start = this.#history.begin()
      const latest = await this.#log.latest()
      if (!latest.ok) return
      this.#history.latest(this.#name, start, this.#seen, latest.value)
      this.#tip = latest.value
      this.#seen = Math.max(this.#seen, latest.value?.seq ?? 0)
    },
    append: async () => {
      this.#appends += 1
      const payload = `${this.#name}.${this.#appends}`
      const seq = (this.#tip?.seq ?? 0) + 1
      const appended = await this.#log.append(this.#tip, new TextEncoder().encode(payload))
      this.#history.appended(payload, seq, answerOf(appended.ok ? 'ok' : appended.error.code))
      if (!appended.ok) return
      this.#tip = appended.value
      this.#seen = Math.max(this.#seen, seq)
    },
    read: async () => {
      const read = await this.#log.read(Math.max(1, this.#seen - 1))
      if (read.ok) this.#history.read(this.#name, read.value)
    },
    truncate: async () => {
      // The client is a truncator with a plan of its own: to what it read last.
      const before = this.#tip?.seq
      if (before !== undefined) void (await this.#log.truncate(before, { force: true }))
    },
  }
}

function answerOf(code: string): Answer {
  return code === 'ok' || code === 'CONFLICT' || code === 'OUTCOME_UNKNOWN' ? code : 'other'
}
