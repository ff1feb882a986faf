import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FileStorage } from '../src/file/index.ts'
import { nodeFileSystem } from '../src/file/node-file-system.ts'
import { unwrap } from '../src/result/result.ts'
import {
  seededRandom,
  SimulatedDisk,
  systemCalls,
  systemCallsOfStrace,
} from '../src/testing/simulated-disk/index.ts'
import { EFFORT, SEED } from './crash/crash-proof.ts'
import { traceCommits, whyNoStrace, type Outcome } from './crash/strace.ts'
import { temporaryDirectory } from './support/media.ts'

const OPTIONS = { guard: false, now: () => 1_700_000_000_000 }
const ERRORS = ['EIO', 'ENOSPC', 'EDQUOT', 'EMFILE', 'EACCES', 'EROFS', 'ESTALE', 'EBUSY']
/** So many of the runs with one failing call are made in a short run. */
const SAMPLE = 12

const obstacle = whyNoStrace()
if (obstacle !== undefined) process.stderr.write(`SKIPPED system calls of a commit: ${obstacle}\n`)

/** What the child does, on a simulated disk. */
async function simulateCommits(directory: string): Promise<string[]> {
  const disk = new SimulatedDisk()
  disk.plant(directory, 'directory')
  const options = { ...OPTIONS, fileSystem: disk.fileSystem() }
  const storage = unwrap(await FileStorage.open(join(directory, 'store'), options))
  const from = disk.journal.length
  unwrap(await storage.save('job', { page: 1 }, { ifExists: 'replace' }))
  const draft = unwrap(await storage.createCheckpoint('job', { ifExists: 'replace' }))
  async function* body() {
    yield new Uint8Array(3_000).fill(7)
  }
  unwrap(await draft.putStream('body', body()))
  unwrap(await draft.put('page', 2))
  unwrap(await draft.commit())
  unwrap(await storage.save('job', { page: 3 }, { ifExists: 'replace' }))
  return systemCalls(disk.journal.slice(from))
}

/** Names that are drawn at random, and the place in memory where they lie, told alike. */
function normalize(calls: readonly string[], directory: string): string[] {
  return afterSyncs(calls).map((call) =>
    call
      .replaceAll(directory, '')
      .replace(/\.tmp-[0-9a-f]{12}-/gu, '.tmp-')
      .replace(/\b[0-9a-f]{16}\./gu, ''),
  )
}

/**
 * A name that is taken away while a directory is being synced is noted by the simulated disk
 * after the sync: what a sync covers is what was there when it began. Here it is moved there.
 */
function afterSyncs(calls: readonly string[]): string[] {
  const result: string[] = []
  let waiting: string[] = []
  let syncing: string | undefined
  for (const [index, call] of calls.entries()) {
    const directory = /^openat O_DIRECTORY (\S+)$/u.exec(call)?.[1]
    const isSync = calls.slice(index, index + 4).includes(`fsync ${directory}`)
    if (directory !== undefined && isSync) syncing = directory
    if (syncing !== undefined && call.startsWith('unlink ')) {
      waiting.push(call)
      continue
    }
    result.push(call)
    if (call !== `close ${syncing}`) continue
    result.push(...waiting)
    waiting = []
    syncing = undefined
  }
  return [...result, ...waiting]
}

/** One system call of the commits: how strace finds it again. */
interface Target {
  readonly call: string
  readonly when: number
}

/** The calls of a trace, each counted among those of its name in its thread. */
function targetsOf(log: string, directory: string): Target[] {
  const counts = new Map<string, number>()
  return log.split('\n').flatMap((line) => {
    const [, thread, call] = /^(\d+)\s+(\w+)\(/u.exec(line) ?? []
    if (thread === undefined || call === undefined) return []
    const when = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, when)
    return line.includes(`${directory}/`) ? [{ call, when }] : []
  })
}

const CODES = new Set(['ok', 'IO_FAILED', 'NO_SPACE', 'OUTCOME_UNKNOWN', 'UNSUPPORTED'])

/** Every failure is listed and says what to do. */
function checkOutcomes(outcomes: readonly Outcome[]): void {
  expect(outcomes).toHaveLength(3)
  for (const { code, message = '' } of outcomes) {
    expect(CODES).toContain(code)
    if (code !== 'ok') expect(message).toMatch(/[:;] \w+/u)
  }
  const failed = outcomes.findIndex(({ code }) => code !== 'ok')
  for (const { code, details } of failed === -1 ? [] : outcomes.slice(failed + 1)) {
    // The next call works, unless nothing can be made durable any more.
    if (code !== 'ok') expect(details?.reason).toBe('sync-failed')
  }
}

/** The newest acknowledged checkpoint is there, or one that was begun after it, whole. */
async function checkStore(directory: string, outcomes: readonly Outcome[]): Promise<void> {
  const options = { ...OPTIONS, fileSystem: nodeFileSystem }
  const storage = unwrap(await FileStorage.open(directory, options))
  const acknowledged = outcomes.map(({ code }) => code).lastIndexOf('ok') + 1
  const loaded = await storage.loadCheckpoint('job')
  if (loaded.ok) {
    const page = Number(unwrap(await loaded.value.get('page')))
    expect(page).toBeGreaterThanOrEqual(acknowledged)
    expect([1, 2, 3]).toContain(page)
    if (page === 2) expect(unwrap(await loaded.value.getBytes('body')).length).toBe(3_000)
    await loaded.value.close()
  } else {
    expect(loaded.error.code).toBe('CHECKPOINT_NOT_FOUND')
    expect(acknowledged).toBe(0)
  }
  expect(unwrap(await storage.verify()).problems).toEqual([])
  unwrap(await storage.save('job', { page: 4 }, { ifExists: 'replace' }))
  await storage.close()
}

describe.skipIf(obstacle !== undefined)('the system calls of commits', () => {
  it('are those that the simulated disk was told of', async () => {
    const directory = temporaryDirectory()
    const log = `${directory}.trace`
    const said = await traceCommits(join(directory, 'store'), log)
    expect(said.outcomes.map(({ code }) => code)).toEqual(['ok', 'ok', 'ok'])
    expect(said.leaked).toBe(0)
    const real = systemCallsOfStrace(readFileSync(log, 'utf8'), directory)
    const simulated = await simulateCommits(directory)
    expect(normalize(real, directory)).toEqual(normalize(simulated, directory))
    expect(real.length).toBeGreaterThan(60)
  }, 60_000)

  it('fail one by one without a half state, a leak or an unlisted error', async () => {
    const clean = temporaryDirectory()
    await traceCommits(join(clean, 'store'), `${clean}.trace`)
    const targets = targetsOf(readFileSync(`${clean}.trace`, 'utf8'), clean)
    const random = seededRandom(SEED)
    const runs = targets
      .flatMap((target) => ERRORS.map((error) => ({ ...target, error, rank: random() })))
      .sort((a, b) => a.rank - b.rank)
      .slice(0, SAMPLE * EFFORT)
    let [hits, failures] = [0, 0]
    for (const { call, when, error } of runs) {
      const directory = temporaryDirectory()
      const store = join(directory, 'store')
      const what = `${call}:error=${error}:when=${when}`
      const { outcomes, leaked } = await traceCommits(store, `${directory}.trace`, [
        `inject=${what}`,
      ])
      const log = readFileSync(`${directory}.trace`, 'utf8')
      const line = log.split('\n').find((line) => line.includes('(INJECTED)')) ?? ''
      // The second half of a line that another thread interrupted names no path: it is a sync.
      if (!line.includes(directory) && !line.includes('sync resumed>')) continue
      hits += 1
      if (outcomes.some(({ code }) => code !== 'ok')) failures += 1
      const context = `${what}: ${line}`
      try {
        checkOutcomes(outcomes)
        // A close that was never made leaves its file open, here and nowhere else.
        if (call !== 'close') expect(leaked).toBe(0)
        await checkStore(store, outcomes)
      } catch (error) {
        throw new Error(`${context}\n${JSON.stringify(outcomes)}`, { cause: error })
      }
    }
    process.stdout.write(
      `failing system calls: ${hits} of ${targets.length * ERRORS.length} tried (seed ${SEED}), ` +
        `${failures} were noticed by a caller\n`,
    )
    expect(hits).toBeGreaterThan(SAMPLE / 2)
  }, 3_600_000)
})
