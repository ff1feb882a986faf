import { MemoryBlobStore, unwrap, type BlobStore } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import { PHASES, type Phase } from '../src/phases.ts'
import { lookAtPhases, openPhases, type Phases } from '../src/tidemark/operation.ts'
import { git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { inProcess, jsonIn, start, strata } from './support/strata.ts'

const [ONE, TWO] = ['1'.repeat(40), '2'.repeat(40)]

/** What a run heard of its phases. */
type Heard = [Phase, 'done' | 'known'][]

async function opened(store: BlobStore, commit: string, heard: Heard = []): Promise<Phases> {
  const { signal } = new AbortController()
  const onPhase = (...told: Heard[number]): unknown => heard.push(told)
  return unwrap(await openPhases(store, { commit, signal, onPhase }))
}

const log = 'refs/heads/main'
const plan = async (): Promise<{ total: number; log: string }> => ({ total: 7, log })
const replay = async (): Promise<{ position: number }> => ({ position: 7 })

describe('the phases of a run', () => {
  it('are done once for a commit, over restarts too', async () => {
    const store = new MemoryBlobStore()
    const first = await opened(store, ONE)
    await first.step('plan', plan)
    await first.close()

    const heard: Heard = []
    const second = await opened(store, ONE, heard)
    const never = (): never => expect.unreachable('it is done')
    expect(await second.step('plan', never)).toEqual({ total: 7, log })
    await second.step('replay', replay)
    await second.finish()
    await second.close()
    expect(heard).toEqual([
      ['plan', 'known'],
      ['replay', 'done'],
    ])

    const third = await opened(store, ONE)
    expect(await third.step('replay', never)).toEqual({ position: 7 })
    await third.finish()
    await third.close()
    const done = {
      form: 1,
      commit: ONE,
      results: { plan: { total: 7, log }, replay: { position: 7 } },
    }
    expect(unwrap(await lookAtPhases(store))).toEqual(done)
  })

  it.each([true, false])('begin anew for another commit (after a finish: %s)', async (finished) => {
    const store = new MemoryBlobStore()
    const first = await opened(store, ONE)
    await first.step('plan', plan)
    if (finished) await first.finish()
    await first.close()
    const second = await opened(store, TWO)
    expect(second.results).toEqual({})
    await second.step('plan', async () => ({ total: 8, log }))
    await second.close()
    expect(unwrap(await lookAtPhases(store))).toMatchObject({
      commit: TWO,
      results: { plan: { total: 8, log } },
    })
  })

  it('are not done when they are interrupted, or fail', async () => {
    const store = new MemoryBlobStore()
    const phases = await opened(store, ONE)
    expect(await phases.step('replay', async () => undefined)).toBeUndefined()
    const broken = phases.step('plan', () => Promise.reject(new Error('the cable is out')))
    await expect(broken).rejects.toThrow('the cable is out')
    expect(phases.results).toEqual({})
    await phases.close()
    expect(unwrap(await lookAtPhases(store))).toBeUndefined()
  })

  it('are done again when what was written down cannot be read', async () => {
    const store = new MemoryBlobStore()
    const first = await opened(store, ONE)
    await first.step('plan', plan)
    await first.finish()
    await first.close()
    // The newest record only says who opened it last.
    await (await opened(store, ONE)).close()
    const records: string[] = []
    for await (const { key } of store.list()) if (/\.r[0-9]+$/u.test(key)) records.push(key)
    for (const key of records.slice(0, -1)) unwrap(await store.put(key, Uint8Array.of(1, 2, 3)))
    const again = await opened(store, ONE)
    expect(again.results).toEqual({})
    await again.step('plan', plan)
    await again.close()
  })
})

describe('a run that is killed between two phases', () => {
  it.each(PHASES.slice(0, -1))('goes on after the phase %s', async (last) => {
    const path = await madeRepository(60)
    const store = await scratch()
    const args = ['run', path, '--json', '--store', store]
    const killed = start(args)
    const done: string[] = []
    killed.onLine((line) => {
      const { kind, phase = '' } = eventIn(line)
      if (kind !== 'phase') return
      done.push(phase)
      if (phase === last) killed.kill('SIGKILL')
    })
    const { signal } = await killed.ended
    const again = await strata(args)
    const whole = await strata(['run', path, '--json', '--store', await scratch()])
    expect(jsonIn(again).digest).toBe(jsonIn(whole).digest)
    const phases = eventsOf(again.stderr, 'phase')
    expect(phases.map(({ phase }) => phase)).toEqual(PHASES)
    // What was told is done is known; a kill that comes late finds more of it.
    const known = phases.filter(({ outcome }) => outcome === 'known').map(({ phase }) => phase)
    expect(known.slice(0, done.length)).toEqual(done)
    if (signal === 'SIGKILL') expect(done).toContain(last)
  })
})

describe('strata status', () => {
  it('says that there is nothing before the first run, and makes nothing', async () => {
    const path = await madeRepository(5)
    const store = `${await scratch()}/store`
    for (const args of [[path], [path, '--store', store]]) {
      const ended = await inProcess(['status', ...args])
      expect(ended.code).toBe(1)
      expect(ended.stderr).toContain('Begin with `strata run`')
    }
    expect((await inProcess(['status', store])).code).toBe(3)
  })

  it('shows which phases are done, for which commit, and what is saved', async () => {
    const path = await madeRepository(60)
    const head = git(path, ['rev-parse', 'main']).trim()
    const { digest } = jsonIn(await inProcess(['run', path, '--json', '--every', '25']))
    const status = await inProcess(['status', path])
    expect(status.code).toBe(0)
    expect(status.stdout).toContain(`commit     ${head}`)
    for (const phase of PHASES) expect(status.stdout).toContain(`${phase} ✓`)
    expect(status.stdout).toContain('commit 60 of 60, 3 epochs kept, the newest is 3')
    expect(status.stdout).toContain(digest)
    expect(status.stdout).not.toContain('strata update')
    expect(statusIn((await inProcess(['status', '--json', path])).stdout)).toMatchObject({
      commit: head,
      head,
      position: 60,
      total: 60,
      phases: Object.fromEntries(PHASES.map((phase) => [phase, true])),
      epochs: 3,
      epoch: 3,
      digest,
    })
  })

  it('shows how far a run got that was killed on the way; then that the branch moved on', async () => {
    const path = await madeRepository(1500)
    const store = await scratch()
    const running = start(['run', path, '--json', '--store', store, '--every', '100'])
    running.onLine((line) => {
      if (eventIn(line).kind === 'saved') running.kill('SIGKILL')
    })
    await running.ended
    const status = statusIn((await inProcess(['status', store, '--json'])).stdout)
    expect(status.position).toBeGreaterThanOrEqual(100)
    expect(status).toMatchObject({ total: 1500, digest: null, phases: { plan: true } })
    expect((await inProcess(['status', store])).stdout).toMatch(/plan ✓ {2}replay ·/u)
    await inProcess(['run', path, '--store', store])
    git(path, ['update-ref', 'refs/heads/main', 'main~1'])
    expect((await inProcess(['status', path, '--store', store])).stdout).toContain(
      '`strata update` goes on',
    )
  })
})

describe('two runs at once', () => {
  it('on one store: the second is refused, clearly, and changes nothing', async () => {
    const directory = await scratch()
    const store = unwrap(await FileBlobStore.open(directory))
    const first = await opened(store, ONE)
    await first.step('plan', plan)
    const path = await madeRepository(5)
    const second = await strata(['run', path, '--json', '--store', directory])
    expect(second.code).toBe(4)
    expect(jsonIn(second).error).toMatchObject({ code: 'LOCKED' })
    expect(jsonIn(second).error?.message).toContain(`another run (${hostname()}:${process.pid})`)
    await first.step('replay', replay)
    await first.close()
    // Once the first is over, its place is free.
    expect((await strata(['run', path, '--store', directory])).code).toBe(0)
  })
})

interface Event {
  readonly kind: string
  readonly phase?: string
  readonly outcome?: string
}

function eventIn(line: string): Event {
  // oxlint-disable-next-line typescript/no-unsafe-return -- a wrong shape fails the test
  return JSON.parse(line)
}

function eventsOf(stderr: string, kind: string): Event[] {
  return stderr
    .trim()
    .split('\n')
    .map(eventIn)
    .filter((event) => event.kind === kind)
}

function statusIn(stdout: string): { readonly position: number; readonly total: number } {
  // oxlint-disable-next-line typescript/no-unsafe-return -- its fields are what the tests look at
  return JSON.parse(stdout)
}
