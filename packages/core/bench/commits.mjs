import { mkdirSync, unlinkSync } from 'node:fs'
import { unwrap } from '@tidemark/core'
import { FileStorage, nodeFileSystem } from '@tidemark/core/file'
import { inTurn, median, row, timeMs, us } from '@tidemark/bench-kit'
import { bareCommit } from './bare.mjs'

const SLICE = 40
const PARALLEL = 64

/** Retention frees this many generations at a time. */
const RETAIN_EVERY = 64

/** Code that ran only a few times is slow: rounds before the first that counts. */
const WARM_UP = 30

/** Small commits, one after the other and many at once, against the bare synced sequence. */
export async function commits(dir) {
  const bare = `${dir}/bare`
  mkdirSync(bare)
  const syncs = { data: 0, directory: 0 }
  const storage = unwrap(await FileStorage.open(`${dir}/storage`, { fileSystem: counting(syncs) }))
  row('first commit into a new place', us(await timeMs(() => save(storage, 'first'))), '')
  const payload = new Uint8Array(300)
  let n = 0
  const one = await inTurn(15, {
    ours: () => medianMs(SLICE, () => save(storage, 'job')),
    bare: () => medianMs(SLICE, () => bareCommit(bare, `b${n++}`, payload)),
  })
  const before = { ...syncs }
  await repeat(100, () => save(storage, 'counted'))
  const perCommit = (kind) => ((syncs[kind] - before[kind]) / 100).toFixed(2)
  const ratio = one.ours / one.bare
  const figures = `${us(one.ours)} / bare ${us(one.bare)}`
  row('second and later small commits, median', figures, times(ratio), '≤ 1.25×', ratio <= 1.25)
  row('  syncs per commit', `${perCommit('data')} data, ${perCommit('directory')} directory`, '')
  await withRetention(storage, bare, payload)
  await parallel(storage, bare, payload)
  await storage.close()
}

/** The mean, with what it costs to delete older generations; the bare calls delete theirs too. */
async function withRetention(storage, bare, payload) {
  const meanMs = async (call) => (await timeMs(() => repeat(RETAIN_EVERY, call))) / RETAIN_EVERY
  let [n, gone] = [0, 0]
  const both = await inTurn(9, {
    ours: () => meanMs(() => save(storage, 'kept')),
    bare: () =>
      meanMs(async () => {
        await bareCommit(bare, `k${n++}`, payload)
        if (n % RETAIN_EVERY > 0) return
        for (; gone < n - 2; gone++) for (const k of ['.k', 'k']) unlinkSync(`${bare}/${k}${gone}`)
      }),
  })
  const figures = `${us(both.ours)} / bare ${us(both.bare)}`
  row('  mean, both deleting what is older', figures, times(both.ours / both.bare))
}

async function parallel(storage, bare, payload) {
  let n = 0
  const all = (call) =>
    timeMs(() => Promise.all(Array.from({ length: PARALLEL }, (_, i) => call(i))))
  const candidates = {
    ours: () => all((i) => save(storage, `job-${i}`)),
    bare: () => all(() => bareCommit(bare, `p${n++}`, payload)),
  }
  await inTurn(WARM_UP, candidates)
  const many = await inTurn(21, candidates)
  const speed = many.bare / many.ours
  const figures = `${many.ours.toFixed(1)} ms / bare ${many.bare.toFixed(1)} ms`
  row(`${PARALLEL} commits at once`, figures, times(speed), '≥ 1.1× as fast', speed >= 1.1)
}

async function medianMs(count, call) {
  const samples = []
  for (let i = 0; i < count; i++) samples.push(await timeMs(call))
  return median(samples)
}

const times = (ratio) => `${ratio.toFixed(2)}×`

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
