// Exchanges checkpoints with the original: it makes them and we restore, we make them and it
// restores, for random trees; both must give the same root, the same digests and the same entries.
//   node interop/index.mjs [trees] [seed]
// Needs Go, which fetches the original's module. Exit code 77: something is missing.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unwrap } from '@tidemark/core'
import {
  commitTree,
  encodedHash,
  loadTree,
  MemoryNodeStore,
  openNodeDb,
  restoreCheckpoint,
  testNamespace,
  toHex,
  Tree,
} from '@tidemark/mkvs-chunks'
import { openFileCreator } from '@tidemark/mkvs-chunks/file'

const SKIPPED = 77
const GO = 'go1.26'
const MODULE = 'github.com/oasisprotocol/oasis-core/go'
const VERSION = 'v0.2601.0'
const REPLACED = [
  'github.com/cometbft/cometbft => github.com/oasisprotocol/cometbft v0.37.18-oasis3',
  'github.com/spf13/cast => github.com/oasisprotocol/cast v0.0.0-20220606122631-eba453e69641',
  'github.com/spf13/viper => github.com/spf13/viper v1.17.0',
  'golang.org/x/crypto/curve25519 => github.com/oasisprotocol/curve25519-voi/primitives/x25519 v0.0.0-20251114093237-2ab5a27a1729',
  'golang.org/x/crypto/ed25519 => github.com/oasisprotocol/curve25519-voi/primitives/ed25519 v0.0.0-20251114093237-2ab5a27a1729',
]

const home = mkdtempSync(join(tmpdir(), 'tidemark-interop-'))
process.on('exit', () => rmSync(home, { recursive: true, force: true }))
const namespace = testNamespace('oasis mkvs checkpoint test ns')
const trees = Number(process.argv[2] ?? 20)
const seed = Number(process.argv[3] ?? 1)
const driver = build()
if (process.argv[2] === 'bench') {
  process.stdout.write(run(driver, ['bench', process.argv[3] ?? '100000']))
  process.exit(0)
}
for (let n = 0; n < trees; n++) await exchange(randomOf(seed * 1_000_003 + n), n)
console.log(`${trees} random trees exchanged both ways, seed ${seed}`)

async function exchange(random, n) {
  const tree = new Tree()
  for (const [key, value] of randomEntries(random)) unwrap(tree.insert(key, value))
  const entries = [...tree.entries()]
    .map(([key, value]) => `${toHex(key)} ${toHex(value)}\n`)
    .join('')
  const chunkSize = Math.floor(random() ** 2 * 20_000)
  const threads = Math.floor(random() * 8)
  const [theirs, ours] = [join(home, `theirs-${n}`), join(home, `ours-${n}`)]
  const made = run(driver, ['create', theirs, `${chunkSize}`, `${threads}`], entries)
  const [root, identity] = made.trim().split(' ')
  same(root, toHex(tree.rootHash()), `tree ${n}: root`)

  const db = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  const { root: committed } = unwrap(await commitTree(tree, db, { version: 1n }))
  const creator = unwrap(await openFileCreator({ dir: ours, db }))
  const metadata = unwrap(await creator.createCheckpoint(committed, chunkSize, threads))
  same(toHex(encodedHash(metadata)), identity, `tree ${n}: identity of the checkpoint`)
  await creator.close()
  same(run(driver, ['restore', ours, '1', root]), entries, `tree ${n}: what they restored`)

  const target = unwrap(await openNodeDb({ store: new MemoryNodeStore(), namespace }))
  const provider = unwrap(await openFileCreator({ dir: theirs, db: target }))
  const { checkpoints } = unwrap(await provider.getCheckpoints({ version: 1, namespace }))
  unwrap(await restoreCheckpoint(checkpoints[0], { db: target, provider }))
  const restored = unwrap(await loadTree(target, checkpoints[0].root))
  same(toHex(restored.rootHash()), root, `tree ${n}: what we restored`)
  await provider.close()
}

/** Builds the driver around the original, or says what is missing. */
function build() {
  const version = spawnSync('go', ['version'], { encoding: 'utf8' })
  if (version.status !== 0) skip('Go is not installed')
  if (!version.stdout.includes(GO)) skip(`${GO} is needed, found: ${version.stdout.trim()}`)
  const source = join(dirname(fileURLToPath(import.meta.url)), 'driver')
  cpSync(source, home, { recursive: true })
  const lines = [
    'module driver',
    'go 1.26',
    `require ${MODULE} ${VERSION}`,
    ...REPLACED.map((line) => `replace ${line}`),
  ]
  writeFileSync(join(home, 'go.mod'), `${lines.join('\n')}\n`)
  const go = (...args) => spawnSync('go', args, { cwd: home, encoding: 'utf8' })
  const fetched = go('mod', 'download', '-json', `${MODULE}@${VERSION}`)
  if (fetched.status !== 0)
    skip(`the original's module ${MODULE}@${VERSION} cannot be fetched:\n${fetched.stdout}`)
  // The checksums that the original keeps of all it needs: not every fork that it builds with is
  // known elsewhere. Go has compared the module that brings them with its own checksum database.
  const { Dir: module } = JSON.parse(fetched.stdout)
  writeFileSync(join(home, 'go.sum'), readFileSync(join(module, 'go.sum')))
  const binary = join(home, 'driver.bin')
  const built = go('build', '-mod=mod', '-o', binary, '.')
  if (built.status !== 0)
    skip(`the original's module ${MODULE}@${VERSION} cannot be built:\n${built.stderr}`)
  return binary
}

function skip(why) {
  console.log(`skipped: ${why}`)
  process.exit(SKIPPED)
}

function run(command, args, input = '') {
  const result = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (result.status !== 0) throw new Error(`${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

function same(actual, expected, what) {
  if (actual !== expected)
    throw new Error(`${what}: ${actual.slice(0, 200)} is not ${expected.slice(0, 200)}`)
}

function randomOf(start) {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Entries with shared prefixes, nested keys, empty values and a few that span Snappy blocks. */
function randomEntries(random) {
  const entries = []
  const bytes = (length) => Uint8Array.from({ length }, () => Math.floor(random() * 256))
  const count = Math.floor(random() ** 2 * 1500)
  for (let i = 0; i < count; i++) {
    const base = entries[Math.floor(random() * entries.length)]?.[0] ?? new Uint8Array(0)
    const shared = base.subarray(0, Math.floor(random() * (base.length + 1)))
    const key = new Uint8Array([...shared, ...bytes(1 + Math.floor(random() * 6))]).subarray(0, 64)
    const length = random() < 0.003 ? 150_000 : 60
    entries.push([key, bytes(Math.floor(random() * length))])
  }
  return entries
}
