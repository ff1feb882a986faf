// Opens a storage, waits for a line, then saves, commits a staged entry and saves again, and says
// how each went. Its parent watches the system calls, or makes one of them fail, in between.
import { readdirSync, readSync, writeSync } from 'node:fs'
import { FileStorage, nodeFileSystem } from '../dist/file/index.js'
import { unwrap } from '../dist/index.js'

const [directory] = process.argv.slice(2)
const options = { fileSystem: nodeFileSystem, guard: false, now: () => 1_700_000_000_000 }
const storage = unwrap(await FileStorage.open(directory, options))

const openFiles = () => readdirSync('/proc/self/fd').length
const outcome = (result) =>
  result.ok
    ? { code: 'ok' }
    : { code: result.error.code, details: result.error.details, message: result.error.message }

async function staged() {
  const draft = await storage.createCheckpoint('job', { ifExists: 'replace' })
  if (!draft.ok) return draft
  async function* body() {
    yield new Uint8Array(3_000).fill(7)
  }
  const put = await draft.value.putStream('body', body())
  if (!put.ok) {
    await draft.value.abort()
    return put
  }
  unwrap(await draft.value.put('page', 2))
  return draft.value.commit()
}

writeSync(1, 'ready\n')
// Blocks the process: no call of the event loop comes between.
readSync(0, new Uint8Array(1))
const before = openFiles()
const outcomes = [
  outcome(await storage.save('job', { page: 1 }, { ifExists: 'replace' })),
  outcome(await staged()),
  outcome(await storage.save('job', { page: 3 }, { ifExists: 'replace' })),
]
writeSync(1, `${JSON.stringify({ outcomes, leaked: openFiles() - before })}\n`)
