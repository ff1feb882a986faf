import { describe, expect, it } from 'vitest'
import { MemoryBlobStore } from '../src/blob/memory-blob-store.ts'
import { blobCommitLog } from '../src/log/blob-commit-log.ts'
import type { CommitLog, Tip } from '../src/log/commit-log.ts'
import { unwrap } from '../src/result/result.ts'
import {
  processCrash,
  SimulatedDisk,
  type CrashReport,
  type Operation,
  type Scheduler,
} from '../src/testing/simulated-disk/index.ts'
import { HOME, BlobLedger, openBlobs } from './crash/blob-ledger.ts'
import { addReports, EFFORT, proveCrashStates, say, SEED } from './crash/crash-proof.ts'
import { findLog, LogLedger, openLog, PREFIX, type LogStart } from './crash/log-ledger.ts'
import { pauses, randomTurns, takeTurns, type Turn } from './crash/two-processes.ts'

/** A disk with a log whose newest record has this number; of many, the records below are void. */
async function diskWithLogAt(seq: number): Promise<SimulatedDisk> {
  const store = new MemoryBlobStore()
  const log = blobCommitLog(store, PREFIX)
  let tip: Tip | undefined
  for (let at = 1; at <= seq; at += 1) {
    tip = unwrap(await log.append(tip, new TextEncoder().encode(`record ${at}`)))
  }
  if (seq > 3) unwrap(await log.truncate(seq - 1, { force: true }))
  const disk = new SimulatedDisk()
  for await (const { key } of store.list()) {
    const blob = unwrap(await store.get(key))
    if (blob !== undefined) disk.plant(`${HOME}/${key}`, unwrap(await blob.bytes()))
  }
  return processCrash(disk)
}

type Work = (ledger: LogLedger, log: CommitLog, name: string) => Promise<unknown>

/** Appends two records, again after whoever was faster. */
const appendTwo: Work = async (ledger, log, name) => {
  for (let done = 0, tries = 0; done < 2 && tries < 6; tries += 1) {
    const appended = await ledger.append(log, await ledger.latest(log), `${name}${tries}`)
    if (typeof appended !== 'string') done += 1
  }
}

const appendOne: Work = async (ledger, log, name) => {
  await ledger.append(log, await ledger.latest(log), name)
}

const truncateToNewest: Work = async (ledger, log) => {
  const newest = await ledger.latest(log)
  if (newest !== undefined) await ledger.truncate(log, newest.seq)
}

interface Worlds {
  readonly base: SimulatedDisk
  readonly begun: LogStart
  readonly a: Work
  readonly b: Work
}

/** Runs both processes in these turns and cuts the power everywhere. */
async function proveTurns({ base, begun, a, b }: Worlds, turns: readonly Turn[], limit?: number) {
  const disk = base.withNodes(base.start)
  const ledger = new LogLedger(disk, begun)
  const from = disk.journal.length
  const process = async (name: string, work: Work, scheduler: Scheduler) => {
    const { log } = await openLog(disk.fileSystem(name, scheduler))
    await work(ledger, log, name)
  }
  const start = (scheduler: Scheduler) => [process('A', a, scheduler), process('B', b, scheduler)]
  const counts = await takeTurns(start, turns)
  const options = limit === undefined ? { from } : { from, limit }
  const report = await proveCrashStates(disk, (state) => ledger.check(state), options)
  return { counts, report }
}

/** Cuts at every step of both, whichever step of the one the other comes between. */
async function proveEveryPause(worlds: Worlds, stride: number, orders: number) {
  const reports: CrashReport[] = []
  const alone = await proveTurns(worlds, pauses(Infinity), 1)
  const every = Math.max(1, Math.floor(stride / EFFORT))
  const limit = 60 * EFFORT
  for (let at = SEED % every; at <= alone.counts.A; at += every) {
    reports.push((await proveTurns(worlds, pauses(at), limit)).report)
  }
  for (let order = 0; order < orders * EFFORT; order += 1) {
    const turns = randomTurns(SEED * 1_000 + order)
    reports.push((await proveTurns(worlds, turns, limit)).report)
  }
  return reports
}

async function worldsAt(seq: number, a: Work, b: Work): Promise<Worlds> {
  const base = await diskWithLogAt(seq)
  return { base, begun: await findLog(base), a, b }
}

describe('two processes, after a power cut at any step of both,', () => {
  it('find all that either was told in a new directory', async () => {
    const base = new SimulatedDisk()
    const worlds = { base, begun: { records: [], before: 1 }, a: appendTwo, b: appendTwo }
    const reports = await proveEveryPause(worlds, 8, 4)
    say(`two processes in a new directory, ${reports.length} orders`, addReports(reports))
  })

  it('find all that either was told across the border of two shards', async () => {
    const reports = await proveEveryPause(await worldsAt(1_023, appendTwo, appendTwo), 8, 4)
    say(`two processes at a new shard, ${reports.length} orders`, addReports(reports))
  })

  it('find the log whole when one truncates while the other appends', async () => {
    const reports = await proveEveryPause(await worldsAt(3, appendTwo, truncateToNewest), 8, 4)
    reports.push(...(await proveEveryPause(await worldsAt(3, truncateToNewest, appendTwo), 8, 4)))
    say(`an appender and a truncator, ${reports.length} orders`, addReports(reports))
  })
})

/** A's name of a new record is visible; its directory is not synced yet. */
const linked = ({ call }: Operation): boolean => call === 'link'

/** A pauses where it is told, B does all it has to do, and then the power fails. */
async function cutAfterB(worlds: Worlds, until: (operation: Operation) => boolean) {
  const turns: Turn[] = [{ process: 'A', until }, { process: 'B' }]
  return (await proveTurns(worlds, turns)).report
}

describe('what another process made visible, but not yet durable,', () => {
  const reports: CrashReport[] = []

  it('is not lost under a record built on it (25)', async () => {
    reports.push(await cutAfterB(await worldsAt(2, appendOne, appendOne), linked))
  })

  it('is not lost under a record in the next shard (26)', async () => {
    reports.push(await cutAfterB(await worldsAt(1_023, appendOne, appendOne), linked))
  })

  it('is a directory that keeps its name once something in it is acknowledged (27)', async () => {
    const disk = new SimulatedDisk()
    disk.plant(HOME, 'directory')
    const ledger = new BlobLedger(disk)
    const start = (scheduler: Scheduler) =>
      (['A', 'B'] as const).map(async (name) => {
        const store = await openBlobs(disk.fileSystem(name, scheduler))
        await ledger.put(store, `new/deep/${name.toLowerCase()}`, name)
      })
    const made = ({ call, path }: Operation) => call === 'mkdir' && path.endsWith('/deep')
    await takeTurns(start, [{ process: 'A', until: made }, { process: 'B' }])
    reports.push(await proveCrashStates(disk, (state) => ledger.check(state)))
  })

  it('outlives the cut once latest has returned it (28)', async () => {
    const look: Work = (ledger, log) => ledger.latest(log)
    reports.push(await cutAfterB(await worldsAt(2, appendOne, look), linked))
    reports.push(await cutAfterB(await worldsAt(0, appendOne, look), linked))
  })

  it('is not lost when the records below it are given up (29)', async () => {
    reports.push(await cutAfterB(await worldsAt(3, appendOne, truncateToNewest), linked))
  })

  it('is a floor that stays once what it gave up is deleted', async () => {
    const sweep: Work = (ledger, log) => ledger.sweep(log)
    reports.push(await cutAfterB(await worldsAt(3, truncateToNewest, sweep), linked))
  })

  it('takes no record along that was not given up for sure (30)', async () => {
    const disk = await diskWithLogAt(3)
    const ledger = new LogLedger(disk, await findLog(disk))
    const from = disk.journal.length
    const { log } = await openLog(disk.fileSystem())
    await truncateToNewest(ledger, log, 'A')
    const deleted = disk.journal.findIndex(
      ({ call, path }, at) => at > from && isRecord(call, path),
    )
    expect(deleted).toBeGreaterThan(from)
    reports.push(await proveCrashStates(disk, (state) => ledger.check(state), { from }))
    say('the seven counterexamples of power loss', addReports(reports))
    expect(addReports(reports).exhaustive).toBe(true)
  })
})

function isRecord(call: string, path: string): boolean {
  return call === 'unlink' && !path.includes('/.tmp-')
}
