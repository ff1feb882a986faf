// node soak/disk-model.mjs [--seed 1] [--runs 20]
//
// Is the simulated disk honest? Short protocols drawn by seed run on a real file system, which is
// shut down after each of their steps; what is found after mounting it again must be one of the
// states that the simulated disk gives for exactly these steps. How often a simpler model (names,
// or bytes, are durable at once) would have been wrong is told too: a run that refutes neither
// has seen nothing. Needs root.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nodeFileSystem } from '../dist/file/index.js'
import { crashStates, seededRandom, SimulatedDisk } from '../dist/testing/index.js'
import {
  cutPower,
  fileSystemKinds,
  makeImage,
  mount,
  needLoopDisks,
  run,
  unmount,
  workshop,
} from './support/loop-disk.mjs'

const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '20' },
    minutes: { type: 'string' },
  },
})

needLoopDisks('the model of the disk')

const NAMES = ['/x', '/y', '/z', '/d/x', '/d/y']
const CALLS = 'create create write write datasync rename link unlink mkdir syncRoot syncD'.split(
  ' ',
)
const work = workshop()
let outside = 0
try {
  for (const kind of fileSystemKinds()) await compare(kind)
} finally {
  rmSync(work, { recursive: true, force: true })
}
process.exit(outside === 0 ? 0 : 1)

async function compare(kind) {
  const [base, image, mounted] = ['base', 'image', 'mounted'].map((name) => join(work, name))
  mkdirSync(mounted, { recursive: true })
  makeImage(kind, base)
  let [cuts, namesWrong, bytesWrong] = [0, 0, 0]
  for (let round = 0; round < Number(given.runs); round += 1) {
    const seed = Number(given.seed) * 1_000 + round
    const steps = draw(seed)
    for (let done = 1; done <= steps.length; done += 1) {
      const flag = 1 + ((round + done) % 2)
      run('cp', '--sparse=always', base, image)
      mount(kind, image, mounted)
      const real = runner(nodeFileSystem, mounted)
      for (const step of steps.slice(0, done)) await real.take(step)
      cutPower(mounted, flag)
      await real.close()
      await unmount(mounted)
      mount(kind, image, mounted)
      const found = describe(namesBelow(mounted), (path) => readFileSync(mounted + path))
      await unmount(mounted)
      const disk = new SimulatedDisk()
      const simulated = runner(disk.fileSystem(), '')
      for (const step of steps.slice(0, done)) await simulated.take(step)
      const seen = describeDisk(disk)
      const states = crashStates(disk, { from: disk.journal.length, limit: 400_000 })
      cuts += 1
      if (withoutBytes(found) !== withoutBytes(seen)) namesWrong += 1
      else if (found !== seen) bytesWrong += 1
      if ([...states].some((state) => describeDisk(state.disk) === found)) continue
      outside += 1
      const told = steps.slice(0, done).map((step) => JSON.stringify(step))
      process.stdout.write(`OUTSIDE the model, seed ${seed}: found ${found}\n${told.join('\n')}\n`)
    }
  }
  process.stdout.write(
    `${kind}: ${cuts} cuts, ${outside} outside the model; names at once is refuted ${namesWrong} ` +
      `times, bytes at once ${bytesWrong} times (seed ${given.seed})\n`,
  )
}

function draw(seed) {
  const random = seededRandom(seed)
  const pick = (all) => all[Math.floor(random() * all.length)]
  return Array.from({ length: 9 }, () => ({
    call: pick(CALLS),
    path: pick(NAMES),
    to: pick(NAMES),
    lengthBytes: pick([100, 600, 3_040, 9_000]),
    position: pick([0, 0, 500, 4_096]),
  }))
}

/** Takes steps on a file system; what a step may not do (no such file …) it does not do. */
function runner(fileSystem, root) {
  const handles = []
  let value = 0
  const calls = {
    create: async ({ path }) => void handles.push(await fileSystem.create(root + path)),
    write: ({ lengthBytes, position }) =>
      handles.at(-1)?.write(new Uint8Array(lengthBytes).fill(value), position),
    datasync: () => handles.at(-1)?.datasync(),
    // Between two directories a rename may be done by halves: kernels differ in how.
    rename: async ({ path, to }) => {
      if (path.lastIndexOf('/') === to.lastIndexOf('/')) {
        await fileSystem.rename(root + path, root + to)
      }
    },
    link: ({ path, to }) => fileSystem.link(root + path, root + to),
    unlink: ({ path }) => fileSystem.unlink(root + path),
    mkdir: () => fileSystem.mkdir(`${root}/d`),
    syncRoot: () => fileSystem.syncDirectory(`${root}/`),
    syncD: () => fileSystem.syncDirectory(`${root}/d`),
  }
  return {
    take: async (step) => {
      value += 1
      try {
        await calls[step.call](step)
      } catch (error) {
        if (error.errno === undefined) throw error
      }
    },
    close: () => Promise.allSettled(handles.map((handle) => handle.close())),
  }
}

function describeDisk(disk) {
  return describe(disk.paths(), (path) => disk.read(path))
}

function describe(paths, read) {
  return paths
    .map((path) => (path.endsWith('/') ? path : `${path}=${runsOf(read(path))}`))
    .sort()
    .join(' ')
}

/** `1x500,2x100`: every write writes one value. */
function runsOf(bytes) {
  const runs = []
  for (const byte of bytes ?? []) {
    const last = runs.at(-1)
    if (last?.byte === byte) last.count += 1
    else runs.push({ byte, count: 1 })
  }
  return runs.map(({ byte, count }) => `${byte}x${count}`).join()
}

function withoutBytes(description) {
  return description.replace(/=\S*/g, '')
}

function namesBelow(directory, path = '/') {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'lost+found') return []
    if (!entry.isDirectory()) return [path + entry.name]
    const below = `${path}${entry.name}/`
    return [below, ...namesBelow(join(directory, entry.name), below)]
  })
}
