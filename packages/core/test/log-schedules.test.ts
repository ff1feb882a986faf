import { describe, expect, it } from 'vitest'
import { runLogSchedule, type LogScenario } from '../src/testing/commit-log/log-schedule.ts'
import { evenly, everyChoice, seededRandom } from '../src/testing/index.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

/** Schedules beyond this belong into the long run. */
const LIMIT = 20_000

/** Runs every order of the clients' calls, and everything that may go wrong in it. */
async function exhaust(scenario: LogScenario): Promise<number> {
  let runs = 0
  for (const choose of everyChoice()) {
    expect(await runLogSchedule(scenario, choose), `schedule ${runs}`).toEqual([])
    runs += 1
    if (runs > LIMIT) throw new Error(`more than ${LIMIT} schedules`)
  }
  return runs
}

async function sample(scenario: LogScenario, runs: number): Promise<void> {
  for (let i = 0; i < runs; i++) {
    const seed = SEED * 1_000_003 + i
    const wrong = await runLogSchedule(scenario, evenly(seededRandom(seed)))
    expect(wrong, `seed ${seed}`).toEqual([])
  }
}

describe('every order of the calls', () => {
  it('of two writers: one winner', async () => {
    expect(await exhaust({ clients: [['append', 'latest'], ['append']] })).toBeGreaterThan(10)
    const twice = ['append', 'append'] as const
    const scenario = { clients: [twice, twice, ['append']], records: 1, warm: [0, 1, 2] } as const
    expect(await exhaust(scenario)).toBeGreaterThan(100)
  })

  it('of two writers whose answers are lost, dropped or late', async () => {
    const scenario = { clients: [['append'], ['append']], faults: 2 } as const
    expect(await exhaust(scenario)).toBeGreaterThan(1000)
  })

  it('of a writer that sleeps while another appends and truncates: no zombie', async () => {
    const clients = [
      ['append', 'latest'],
      ['append', 'append', 'truncate'],
    ] as const
    expect(await exhaust({ clients, records: 1, warm: [0, 1] })).toBeGreaterThan(50)
  })

  it('of a writer whose answer is lost while another appends and truncates', async () => {
    const clients = [['append'], ['append', 'truncate']] as const
    const scenario = { clients, records: 1, warm: [0, 1], faults: 1 } as const
    expect(await exhaust(scenario)).toBeGreaterThan(1000)
  })

  it('of a reader while another appends or truncates: never back', async () => {
    for (const step of ['append', 'truncate'] as const) {
      const clients = [['latest', 'latest'], [step]] as const
      expect(await exhaust({ clients, records: 3, warm: [0, 1] })).toBeGreaterThan(10)
    }
  })

  it('of a stranger that opens the log while another appends and truncates', async () => {
    const clients = [['latest'], ['append', 'truncate']] as const
    expect(await exhaust({ clients, records: 1, warm: [1] })).toBeGreaterThan(1000)
  })

  it('of two truncators: the floor only rises', async () => {
    const clients = [['truncate'], ['append', 'truncate']] as const
    expect(await exhaust({ clients, records: 2, warm: [0, 1] })).toBeGreaterThan(100)
  })
})

describe(`orders drawn by seed ${SEED}`, () => {
  const writer = ['latest', 'append', 'append', 'latest', 'append'] as const
  const truncator = ['latest', 'truncate', 'latest', 'append', 'truncate', 'latest'] as const
  const reader = ['latest', 'read', 'latest', 'read', 'latest'] as const

  it('of three writers and a truncator, with answers lost, dropped and late', async () => {
    await sample({ clients: [writer, writer, writer, truncator], faults: 3 }, 400)
  })

  it('of writers that begin with what they knew, a truncator and a reader', async () => {
    const asleep = ['append', 'append', 'append', 'latest', 'append'] as const
    await sample({ clients: [asleep, writer, truncator, reader], records: 3, faults: 2 }, 400)
  })
})
