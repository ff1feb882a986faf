// Processes that restore, make and delete a checkpoint on a disk, killed with SIGKILL at random
// instants and started again: a restore ends with the same root and does no chunk twice, a
// checkpoint that is listed is whole, and what is made in the end is what is made undisturbed.
//   pnpm soak mkvs-chunks [--seed N] [--kills N] [--minutes N]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { ClassicLevel } from 'classic-level'
import { openFileCreator } from '../dist/file/index.js'
import {
  commitTree,
  encodeMetadata,
  loadTree,
  MemoryNodeStore,
  newCreator,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  toHex,
  Tree,
} from '../dist/index.js'
import { LevelNodeStore } from '../dist/level/index.js'
import { option, randomOf, seed, until } from './support/soak.mjs'

const CHILD = fileURLToPath(new URL('support/kill-child.mjs', import.meta.url))
const ENTRIES = 1500
/** How long a child lives at most before it is killed, by what it does. */
const LIFE_MS = { restore: 40, create: 150, delete: 12 }

const kills = option('kills', 200)
const random = randomOf(seed)
const namespace = testNamespace('kills')
const home = mkdtempSync(join(tmpdir(), 'tidemark-mkvs-kills-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))

const count = { restore: 0, create: 0, delete: 0 }
let [rounds, resumed, violations] = [0, 0, 0]
const total = () => count.restore + count.create + count.delete
while (total() < kills && performance.now() < until) await round(join(home, `${rounds++}`))
console.log(
  `kill -9 of ${count.restore} restores (${resumed} went on midway), ${count.create} creations and ${count.delete} deletions ` +
    `of ${rounds} checkpoints, seed ${seed}, ${violations} violations`,
)
process.exit(violations === 0 ? 0 : 1)

/** One tree: its checkpoint is restored, made and deleted, each until nobody is killed any more. */
async function round(dir) {
  const [chunkSize, threads] = [2000 + Math.floor(random() * 4000), Math.floor(random() * 4)]
  const tree = new Tree()
  for (let i = 0; i < ENTRIES; i++) {
    const key = Uint8Array.from({ length: 3 + (i % 9) }, () => random() * 256)
    unwrap(tree.insert(key, new Uint8Array(Math.floor(random() * 150)).fill(i)))
  }
  const store = level(join(dir, 'source'))
  const db = unwrap(await openNodeDb({ store, namespace }))
  const { root } = unwrap(await commitTree(tree, db, { version: 1n }))
  const files = unwrap(await openFileCreator({ dir: join(dir, 'checkpoints'), db }))
  const metadata = unwrap(await files.createCheckpoint(root, chunkSize, threads))
  const undisturbed = newCreator({ store: new MemoryBlobStore(), db })
  const expected = encodeMetadata(
    unwrap(await undisturbed.createCheckpoint(root, chunkSize, threads)),
  )
  writeFileSync(join(dir, 'metadata'), encodeMetadata(metadata))
  await files.close()
  await db.close()

  let left = metadata.chunks.length
  const restoring = ['restore', join(dir, 'target'), join(dir, 'checkpoints')]
  await repeatedly('restore', restoring, (said) => {
    const pending = Number(/^ready (\d+)/.exec(said)?.[1] ?? left)
    check(pending <= left, `${pending} chunks are pending after ${left}`)
    if (pending < left) resumed++
    left = pending
  })
  const target = unwrap(await openNodeDb({ store: level(join(dir, 'target')), namespace }))
  const restored = unwrap(await loadTree(target, root))
  check(toHex(restored.rootHash()) === toHex(root.hash), 'another tree was restored')
  await target.close()

  const made = join(dir, 'made')
  for (const doing of ['create', 'delete']) {
    const args = [doing, join(dir, 'source'), made, `${chunkSize}`, `${threads}`]
    await repeatedly(doing, args, () => listedAreWhole(made, expected))
    const listed = await listedAreWhole(made, expected)
    check(listed === (doing === 'create' ? 1 : 0), `${listed} checkpoints after ${doing}`)
  }
  rmSync(dir, { recursive: true })
}

/** Starts a process again and again: it is killed at random instants, most of the first times. */
async function repeatedly(doing, args, afterwards) {
  for (let run = 0; ; run++) {
    const child = spawn(process.execPath, [CHILD, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
    const ended = once(child, 'close')
    while (!said.includes('\n') && child.exitCode === null) {
      await Promise.race([once(child.stdout, 'data'), ended])
    }
    if (run < 12 && total() < kills) {
      await Promise.race([sleep(random() * LIFE_MS[doing]), ended])
      child.kill('SIGKILL')
    }
    await ended
    const isKilled = child.signalCode === 'SIGKILL'
    if (isKilled) count[doing]++
    else check(child.exitCode === 0, `${doing} ended with ${child.exitCode}`)
    await afterwards(said)
    if (!isKilled) return
  }
}

/** How many checkpoints are listed; each is restored to see that it is whole. */
async function listedAreWhole(dir, expected) {
  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  const provider = unwrap(await openFileCreator({ dir, db }))
  const { checkpoints, damaged } = unwrap(await provider.getCheckpoints({ version: 1, namespace }))
  check(damaged.length === 0, `damaged: ${damaged[0]?.reason}`)
  for (const metadata of checkpoints) {
    check(toHex(encodeMetadata(metadata)) === toHex(expected), 'other chunks than undisturbed')
    const restored = await restoreCheckpoint(metadata, { db, provider })
    check(restored.ok, `a listed checkpoint is not whole: ${restored.error?.message}`)
  }
  await provider.close()
  return checkpoints.length
}

function level(dir) {
  const views = { keyEncoding: 'view', valueEncoding: 'view' }
  return new LevelNodeStore(new ClassicLevel(dir, views), { sync: false })
}

function check(isRight, what) {
  if (isRight) return
  violations++
  console.log(`seed ${seed} round ${rounds}: ${what}`)
}
