// Processes that commit in a loop, killed with SIGKILL at random instants: every commit that was
// acknowledged is there, and everything that is there is whole.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FileStorage } from '../dist/file/index.js'
import { unwrap } from '../dist/index.js'
import { seededRandom } from '../dist/testing/index.js'
import { nothing, soak } from '@tidemark/bench-kit/soak'

const CHILD = fileURLToPath(new URL('../test/kill-child.mjs', import.meta.url))

/** Two writers at once, for some dozens of commits. */
const CHILDREN = 2
const MAX_LIFE_MS = 150

const directory = mkdtempSync(join(tmpdir(), 'tidemark-kills-'))
const newest = new Map()

async function commitUntilKilled(own, lifeMs) {
  const child = spawn(process.execPath, [CHILD, directory, String(own)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = once(child, 'close')
  while (!said.startsWith('ready')) await Promise.race([once(child.stdout, 'data'), ended])
  await sleep(lifeMs)
  child.kill('SIGKILL')
  await ended
  return said.split('\n').slice(1, -1)
}

async function check() {
  const wrong = []
  const storage = unwrap(await FileStorage.open(directory))
  for (const [identifier, generation] of newest) {
    const loaded = await storage.loadCheckpoint(identifier)
    if (!loaded.ok) wrong.push(`${identifier}: ${loaded.error.message}`)
    else {
      if (loaded.value.generation < generation) {
        wrong.push(`${identifier} is at ${loaded.value.generation}, ${generation} was acknowledged`)
      }
      await loaded.value.close()
    }
  }
  const { problems } = unwrap(await storage.verify())
  await storage.close()
  return [...wrong, ...problems.map(({ error }) => error.message)]
}

await soak('kill -9 of two writers', 200, async (_, own) => {
  const random = seededRandom(own)
  const children = Array.from({ length: CHILDREN }, (_, i) =>
    commitUntilKilled(own * CHILDREN + i, random() * MAX_LIFE_MS),
  )
  const wrong = []
  for (const line of (await Promise.all(children)).flat()) {
    const [what, identifier, generation] = line.split(' ')
    if (what !== 'ack') wrong.push(line)
    else newest.set(identifier, Math.max(newest.get(identifier) ?? 0, Number(generation)))
  }
  nothing([...wrong, ...(await check())])
})
rmSync(directory, { recursive: true, force: true })
