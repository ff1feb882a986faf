import { mkdirSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { FileStorage, nodeFileSystem } from '@tidemark/core/file'
import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'
import { bareCommit } from './bare.mjs'

const SLICE = 40
const PARALLEL = 64

/** Small commits, one after the other and many at once, against the bare synced sequence. */
export async function commits(dir) {
  const bare = `${dir}/bare`
  mkdirSync(bare)
  const syncs = { data: 0, directory: 0 }
  const storage = unwrap(await FileStorage.open(`${dir}/storage`, { fileSystem: counting(syncs) }))
  const first = await timeMs(() => save(storage, 'first'))
  const payload = new Uint8Array(300)
  let n = 0
  const one = await inTurn(15, {
    ours: async () => (await timeMs(() => repeat(SLICE, () => save(storage, 'job')))) / SLICE,
    bare: async () =>
      (await timeMs(() => repeat(SLICE, () => bareCommit(bare, `b${n++}`, payload)))) / SLICE,
  })
  const before = { ...syncs }
  await repeat(100, () => save(storage, 'counted'))
  const perCommit = (kind) => ((syncs[kind] - before[kind]) / 100).toFixed(2)
  row('first commit into a new place', us(first), '')
  const ratio = one.ours / one.bare
  const figures = `${us(one.ours)} / bare ${us(one.bare)}`
  row('second and later small commits', figures, `${ratio.toFixed(2)}×`, '≤ 1.25×', ratio <= 1.25)
  row('  syncs per commit', `${perCommit('data')} data, ${perCommit('directory')} directory`, '')
  await parallel(dir, storage, bare, payload)
  await storage.close()
}

async function parallel(dir, storage, bare, payload) {
  let n = 0
  const all = (call) => Promise.all(Array.from({ length: PARALLEL }, (_, i) => call(i)))
  const many = await inTurn(15, {
    ours: () => timeMs(() => all((i) => save(storage, `job-${i}`))),
    bare: () => timeMs(() => all(() => bareCommit(bare, `p${n++}`, payload))),
  })
  const speed = many.bare / many.ours
  const figures = `${many.ours.toFixed(1)} ms / bare ${many.bare.toFixed(1)} ms`
  row(
    `${PARALLEL} commits at once`,
    figures,
    `${speed.toFixed(2)}×`,
    '≥ 1.1× as fast',
    speed >= 1.1,
  )
}

async function save(storage, identifier) {
  unwrap(await storage.save(identifier, { at: performance.now() }, { ifExists: 'replace' }))
}

async function repeat(times, call) {
  for (let i = 0; i < times; i++) await call(i)
}

function counting(syncs) {
  return {
    ...nodeFileSystem,
    syncDirectory: (path) => {
      syncs.directory += 1
      return nodeFileSystem.syncDirectory(path)
    },
    create: async (path) => {
      const file = await nodeFileSystem.create(path)
      const datasync = () => {
        syncs.data += 1
        return file.datasync()
      }
      return { ...file, datasync }
    },
  }
}
