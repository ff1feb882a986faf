// node soak/power-cut.mjs [--seed 1] [--cuts 100] [--file-system ext4]
//
// Cuts the power of a real file system under a process that commits: a loop-mounted image, the
// process frozen first (an unfrozen one would see syncs succeed while the journal aborts), then
// the shutdown ioctl, which drops everything that the file system has not written. After mounting
// it again every checkpoint that was acknowledged must be there, whole. Some more cuts, of
// a process that syncs no directory, show that a loss would be seen. Needs root.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { FileStorage, nodeFileSystem } from '../dist/file/index.js'
import { unwrap } from '../dist/index.js'
import { seededRandom } from '../dist/testing/index.js'
import {
  cutPower,
  fileSystemKinds,
  makeImage,
  mount,
  needLoopDisks,
  unmount,
  workshop,
} from './support/loop-disk.mjs'

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    cuts: { type: 'string', default: '100' },
    minutes: { type: 'string' },
    runs: { type: 'string' },
    'file-system': { type: 'string' },
    child: { type: 'string' },
    careless: { type: 'boolean', default: false },
  },
})
const seed = Number(given.seed)
if (given.child !== undefined) await commitForEver(given.child)

needLoopDisks('power cuts')
const random = seededRandom(seed)
const work = workshop()
const kinds = given['file-system']?.split(',') ?? fileSystemKinds()
let violations = 0
try {
  for (const kind of kinds) {
    const careful = await cutMany(kind, Number(given.runs ?? given.cuts), false)
    const careless = await cutMany(kind, 10, true)
    violations += careful.violations.length + (careless.violations.length === 0 ? 1 : 0)
    for (const line of careful.violations) process.stdout.write(`VIOLATION ${line}\n`)
    process.stdout.write(
      `${kind}: ${careful.cuts} power cuts, ${careful.acks} commits acknowledged, ` +
        `${careful.violations.length} lost or torn; without directory syncs ` +
        `${careless.violations.length} of ${careless.cuts} cuts show a loss (seed ${seed})\n`,
    )
  }
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.exit(violations === 0 ? 0 : 1)

/** The process whose power is cut: says what it has committed as soon as it is. */
async function commitForEver(directory) {
  const careless = { ...nodeFileSystem, syncDirectory: async () => true }
  const fileSystem = given.careless ? careless : nodeFileSystem
  const storage = unwrap(await FileStorage.open(directory, { fileSystem }))
  const random = seededRandom(seed)
  const pick = (width) => Math.floor(random() * width)
  writeSync(1, 'ready\n')
  for (;;) {
    const identifier = `job-${pick(4)}`
    const n = pick(2 ** 31)
    // One in four lies in a blob of its own.
    const sizeBytes = pick(4) === 0 ? 70_000 + pick(80_000) : pick(3_000)
    const body = new Uint8Array(sizeBytes).fill(n)
    const saved = unwrap(await storage.save(identifier, { n, body }, { ifExists: 'replace' }))
    writeSync(1, `ack ${identifier} ${saved.generation} ${n} ${sizeBytes}\n`)
    // The next sync of any file would write the journal, and with it the names of this one.
    if (given.careless) await sleep(30)
    if (pick(30) === 0) unwrap(await storage.gc())
    if (pick(30) === 0) {
      unwrap(await storage.removeCheckpoint(identifier))
      writeSync(1, `removed ${identifier} ${saved.generation + 1}\n`)
    }
  }
}

async function cutMany(kind, cuts, careless) {
  const image = join(work, `${kind}.image`)
  const mounted = join(work, kind)
  mkdirSync(mounted, { recursive: true })
  const report = { cuts: 0, acks: 0, violations: [] }
  const newest = new Map()
  for (let cut = 0; cut < cuts; cut += 1) {
    if (cut % 25 === 0) {
      // A new file system now and then: small, and its first directories are made again.
      newest.clear()
      makeImage(kind, image)
    }
    mount(kind, image, mounted)
    const store = join(mounted, 'data', 'store')
    const lines = await commitUntilFrozen(store, seed * 10_000 + cut, careless, async () => {
      // 1 writes the journal first, 2 drops it too.
      cutPower(mounted, careless || random() < 0.5 ? 2 : 1)
    })
    await unmount(mounted)
    mount(kind, image, mounted)
    report.cuts += 1
    for (const line of lines) {
      const [what, identifier, generation, n, sizeBytes] = line.split(' ')
      report.acks += 1
      newest.set(identifier, { what, generation: Number(generation), n, sizeBytes })
    }
    const lost = await lookAround(store, newest)
    report.violations.push(...lost.map((one) => `${kind}, cut ${cut}: ${one}`))
    if (lost.length > 0) newest.clear()
    await unmount(mounted)
  }
  return report
}

/** Lets a process commit, freezes it, cuts the power, and gives what it had said. */
async function commitUntilFrozen(store, childSeed, careless, cut) {
  const script = fileURLToPath(import.meta.url)
  const flags = ['--child', store, '--seed', String(childSeed), ...(careless ? ['--careless'] : [])]
  const child = spawn(process.execPath, [script, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = once(child, 'close')
  while (!said.startsWith('ready')) {
    if (child.exitCode !== null) throw new Error(`the process ended by itself: ${said}`)
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  // By what it has said, not by time alone: a busy machine may let it do nothing in that time.
  const enough = said.length + random() * 400
  while (said.length < enough) await once(child.stdout, 'data')
  await sleep(random() * 20)
  child.kill('SIGSTOP')
  while (!isFrozen(child.pid)) await sleep(1)
  // What it said before it froze is in the pipe: two turns without news mean that all is read.
  for (let before = -1; before !== said.length; await sleep(5)) before = said.length
  await cut()
  child.kill('SIGKILL')
  await ended
  return said.split('\n').slice(1, -1)
}

function isFrozen(pid) {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')
  })
}

/** What was acknowledged and is not there, or is not whole. */
async function lookAround(store, newest) {
  const opened = await FileStorage.open(store)
  if (!opened.ok) return [opened.error.message]
  const storage = opened.value
  const wrong = []
  for (const [identifier, said] of newest) {
    const loaded = await storage.loadCheckpoint(identifier)
    if (!loaded.ok) {
      const isGone = loaded.error.code === 'CHECKPOINT_NOT_FOUND'
      // A removal that was under way may have happened; its number was not acknowledged.
      if (!isGone || (said.what === 'ack' && !(await isRemoved(storage, identifier, said)))) {
        wrong.push(`${identifier} ${said.generation}: ${loaded.error.message}`)
      }
      continue
    }
    const { generation } = loaded.value
    if (generation < said.generation)
      wrong.push(`${identifier}: ${generation} < ${said.generation}`)
    if (generation === said.generation && said.what === 'ack') {
      const body = await loaded.value.getBytes('body')
      const whole = body.ok && body.value.length === Number(said.sizeBytes)
      const value = await loaded.value.get('n')
      if (!whole || !value.ok || value.value !== Number(said.n)) wrong.push(`${identifier} differs`)
    }
    await loaded.value.close()
  }
  const verified = await storage.verify()
  if (!verified.ok) wrong.push(verified.error.message)
  else wrong.push(...verified.value.problems.map(({ error }) => error.message))
  const saved = await storage.save('after', { cut: 1 }, { ifExists: 'replace' })
  if (!saved.ok) wrong.push(`nothing can be saved: ${saved.error.message}`)
  await storage.close()
  return wrong
}

/** Whether the next number was taken: by a removal, for there is no checkpoint. */
async function isRemoved(storage, identifier, said) {
  const saved = await storage.save(identifier, { n: 0 }, { ifExists: 'replace' })
  return saved.ok && saved.value.generation > said.generation + 1
}
