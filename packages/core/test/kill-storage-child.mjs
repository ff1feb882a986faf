// Drafts, replaces, removes and collects until it is killed, and says what is done as soon as it
// is: `begin <id> <n>` and `ack <id> <generation> <n>`, `removing <id>` and `removed <id>`.
import { writeSync } from 'node:fs'
import { FileStorage } from '../dist/file/index.js'
import { unwrap } from '../dist/index.js'
import { seededRandom } from '../dist/testing/index.js'

const [directory, seed] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const pick = (width) => Math.floor(random() * width)
const storage = unwrap(await FileStorage.open(directory, { keepLast: 1 + pick(3) }))

writeSync(1, 'ready\n')
for (;;) {
  const identifier = `job-${pick(3)}`
  const n = pick(2 ** 31)
  const draft = await storage.createCheckpoint(identifier, { ifExists: 'replace' })
  if (!draft.ok) throw draft.error
  for (let entry = pick(4); entry >= 0; entry -= 1) {
    // Small ones lie in the record, large ones are staged.
    const sizeBytes = pick(2) === 0 ? 66_000 + pick(9_000) : pick(500)
    unwrap(await draft.value.put(`entry-${entry}`, new Uint8Array(sizeBytes).fill(n)))
  }
  unwrap(await draft.value.put('n', n))
  if (pick(10) === 0) {
    await draft.value.abort()
    continue
  }
  writeSync(1, `begin ${identifier} ${n}\n`)
  const saved = unwrap(await draft.value.commit())
  writeSync(1, `ack ${identifier} ${saved.generation} ${n}\n`)
  await saved.close()
  if (pick(8) === 0) {
    writeSync(1, `removing ${identifier}\n`)
    unwrap(await storage.removeCheckpoint(identifier))
    writeSync(1, `removed ${identifier}\n`)
  }
  if (pick(8) === 0) unwrap(await storage.gc())
}
