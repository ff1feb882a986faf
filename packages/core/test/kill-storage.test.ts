import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { FileStorage } from '../src/file/index.ts'
import { unwrap } from '../src/index.ts'
import { seededRandom } from '../src/testing/index.ts'
import { EFFORT, SEED } from './crash/crash-proof.ts'
import { temporaryDirectory } from './support/media.ts'

const KILLS = Math.min(200, 30 * EFFORT)
/** A child is killed after so many lines at most, and a moment later. */
const MAX_LINES = 20
const MAX_DELAY_MS = 8

/** What an identifier may hold by what its process has said: a value of `n`, or nothing. */
type Possible = Map<string, ReadonlySet<number | undefined>>

async function workUntilKilled(directory: string, seed: number, random: () => number) {
  const script = fileURLToPath(new URL('kill-storage-child.mjs', import.meta.url))
  const child = spawn(process.execPath, [script, directory, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close')
  while (!said.startsWith('ready')) {
    if (child.exitCode !== null) throw new Error(`the child ended by itself: ${said}`)
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  const enough = 1 + random() * MAX_LINES
  while (said.split('\n').length < enough && child.exitCode === null) {
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  await sleep(random() * MAX_DELAY_MS)
  if (child.exitCode !== null) throw new Error(`the child ended by itself: ${said}`)
  child.kill('SIGKILL')
  await ended
  return said.split('\n').slice(1, -1)
}

function hear(possible: Possible, lines: readonly string[]): void {
  for (const line of lines) {
    const [what, identifier = '', first, second] = line.split(' ')
    const before = possible.get(identifier) ?? new Set([undefined])
    if (what === 'begin') possible.set(identifier, new Set([...before, Number(first)]))
    if (what === 'ack') possible.set(identifier, new Set([Number(second)]))
    if (what === 'removing') possible.set(identifier, new Set([...before, undefined]))
    if (what === 'removed') possible.set(identifier, new Set([undefined]))
  }
}

/** Each identifier holds what it may, whole; nothing else is there, and gc leaves it so. */
async function check(directory: string, possible: Possible): Promise<void> {
  const storage = unwrap(await FileStorage.open(directory))
  for (const when of ['at once', 'after gc']) {
    for (const [identifier, allowed] of possible) {
      const loaded = await storage.loadCheckpoint(identifier)
      if (!loaded.ok) expect(loaded.error.code).toBe('CHECKPOINT_NOT_FOUND')
      const n = loaded.ok ? Number(unwrap(await loaded.value.get('n'))) : undefined
      expect([...allowed], `${identifier} ${when}`).toContain(n)
      possible.set(identifier, new Set([n]))
      if (loaded.ok) await loaded.value.close()
    }
    expect(unwrap(await storage.verify()).problems).toEqual([])
    unwrap(await storage.gc())
  }
  await storage.close()
}

it(`a storage loses nothing acknowledged in ${KILLS} kills while it drafts, replaces, removes and collects`, async () => {
  const directory = temporaryDirectory()
  const random = seededRandom(SEED)
  const possible: Possible = new Map()
  let acks = 0
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lines = await workUntilKilled(directory, SEED * 1_000 + kill, random)
    acks += lines.filter((line) => /^(ack|removed) /.test(line)).length
    hear(possible, lines)
    await check(directory, possible)
  }
  process.stdout.write(
    `kills of a storage: ${KILLS} (seed ${SEED}), ${acks} changes acknowledged\n`,
  )
  expect(acks).toBeGreaterThan(KILLS)
}, 600_000)
