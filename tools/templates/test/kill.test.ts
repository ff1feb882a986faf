import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { expect, it } from 'vitest'
import { newPath, openStore } from './support.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)
const KILLS = 15

/** Long enough for some dozens of puts. */
const MAX_LIFE_MS = 80

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const module = here('../dist/sqlite-blobs.mjs')
buildSync({ entryPoints: [here('../sqlite-blobs.ts')], outfile: module, format: 'esm' })

async function putUntilKilled(path: string, run: number, lifeMs: number): Promise<string[]> {
  const args = [here('kill-child.mjs'), module, path, String(run)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
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
  expect(child.signalCode).toBe('SIGKILL')
  // A line without its end was being said.
  return said.split('\n').slice(1, -1)
}

it(`loses no acknowledged put in ${KILLS} kills at random instants (seed ${SEED})`, async () => {
  const path = newPath()
  const random = seededRandom(SEED)
  const acknowledged = new Map<string, number>()
  for (let run = 0; run < KILLS; run++) {
    for (const line of await putUntilKilled(path, run, random() * MAX_LIFE_MS)) {
      const [, key = '', length] = /^(\S+) (\d+)$/.exec(line) ?? []
      acknowledged.set(key, Number(length))
    }
    const store = openStore(path)
    for (const [key, length] of acknowledged) {
      const blob = unwrap(await store.get(key))
      const bytes = blob === undefined ? undefined : unwrap(await blob.bytes())
      const n = Number(key.split('-').at(-1)) % 256
      const isWhole = bytes?.length === length && bytes.every((byte) => byte === n)
      expect(isWhole, `${key} of ${length} bytes after kill ${run}`).toBe(true)
    }
    await store.close()
  }
  // The kills met processes that were really putting.
  expect(acknowledged.size).toBeGreaterThan(KILLS)
})
