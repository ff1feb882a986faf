import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FileStorage } from '../src/file/index.ts'
import { unwrap } from '../src/index.ts'
import { seededRandom } from '../src/testing/index.ts'
import { temporaryDirectory } from './support/media.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)
const KILLS = 50

/** Long enough for some dozens of commits. */
const MAX_LIFE_MS = 60

/** What a child said it had committed. */
interface Ack {
  readonly identifier: string
  readonly generation: number
  readonly n: number
  readonly sizeBytes: number
}

/** Runs a committing process and kills it after a while. */
async function commitUntilKilled(directory: string, seed: number, lifeMs: number) {
  const script = fileURLToPath(new URL('kill-child.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  while (!said.startsWith('ready')) {
    await Promise.race([once(child.stdout, 'data'), ended])
    if (child.exitCode !== null) throw new Error(`the child ended by itself: ${child.exitCode}`)
  }
  await sleep(lifeMs)
  child.kill('SIGKILL')
  await ended
  // A line without its end was being said: its commit was done all the same, but who knows.
  return said.split('\n').slice(1, -1)
}

function ackOf(line: string): Ack {
  const [, identifier, generation, n, sizeBytes] = /^ack (\S+) (\d+) (\d+) (\d+)$/.exec(line) ?? []
  if (identifier === undefined) throw new Error(`the child said: ${line}`)
  return {
    identifier,
    generation: Number(generation),
    n: Number(n),
    sizeBytes: Number(sizeBytes),
  }
}

/** The newest acknowledged commit of each identifier is there, or a newer one, whole. */
async function check(directory: string, newest: ReadonlyMap<string, Ack>): Promise<void> {
  const storage = unwrap(await FileStorage.open(directory))
  for (const [identifier, ack] of newest) {
    const loaded = unwrap(await storage.loadCheckpoint(identifier))
    expect(loaded.generation, identifier).toBeGreaterThanOrEqual(ack.generation)
    const exact = await storage.loadCheckpoint(identifier, { generation: ack.generation })
    // It may have been given up by retention, once newer ones were there.
    if (exact.ok) {
      expect(unwrap(await exact.value.get('n'))).toBe(ack.n)
      expect(unwrap(await exact.value.getBytes('body')).length).toBe(ack.sizeBytes)
      await exact.value.close()
    } else expect(loaded.generation).toBeGreaterThan(ack.generation)
    await loaded.close()
  }
  const { problems } = unwrap(await storage.verify())
  expect(problems).toEqual([])
  await storage.close()
}

describe('a process that is killed while it commits', () => {
  it(`loses no acknowledged commit in ${KILLS} kills at random instants (seed ${SEED})`, async () => {
    const directory = temporaryDirectory()
    const random = seededRandom(SEED)
    const newest = new Map<string, Ack>()
    let acks = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const lines = await commitUntilKilled(directory, kill, random() * MAX_LIFE_MS)
      for (const line of lines) {
        const ack = ackOf(line)
        expect(ack.generation).toBeGreaterThan(newest.get(ack.identifier)?.generation ?? 0)
        newest.set(ack.identifier, ack)
        acks += 1
      }
      await check(directory, newest)
    }
    // Each kill met a process that was really committing.
    expect(acks).toBeGreaterThan(KILLS)
  }, 120_000)
})
