// Commits in a loop until it is killed, and says so after each: `ack <identifier> <generation> <n>`.
// Its parent checks that every line is true afterwards.
import { writeSync } from 'node:fs'
import { FileStorage } from '../dist/file/index.js'
import { unwrap } from '../dist/index.js'

const [directory, seedText] = process.argv.slice(2)
const storage = unwrap(await FileStorage.open(directory))

let state = Number(seedText) >>> 0
const random = (width) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * width)
}

writeSync(1, 'ready\n')
for (;;) {
  const identifier = `job-${random(3)}`
  const n = random(2 ** 31)
  // Mostly inside the record, now and then in a blob of its own.
  const sizeBytes = random(8) === 0 ? 150_000 : random(2_000)
  const body = new Uint8Array(sizeBytes).fill(n)
  const saved = await storage.save(identifier, { n, body }, { ifExists: 'replace' })
  if (!saved.ok) {
    writeSync(1, `failed ${saved.error.code} ${saved.error.message}\n`)
    process.exit(1)
  }
  writeSync(1, `ack ${identifier} ${saved.value.generation} ${n} ${sizeBytes}\n`)
  if (random(40) === 0) unwrap(await storage.gc())
}
