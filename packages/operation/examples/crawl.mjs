// node crawl.mjs FOLDER: the size and SHA-256 of every file below a folder, as a resumable operation.
// Stop it half way (Ctrl-C, kill -9) and start it again: it goes on where it was.
import { createHash } from 'node:crypto'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { runOperation } from '@tidemark/operation/file'
import { terminalProgress } from '@tidemark/operation/progress'

const [folder = '.', dir = '.crawl'] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

async function fingerprint(file, signal) {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of createReadStream(join(folder, file), { signal })) {
    hash.update(piece)
    bytes += piece.length
  }
  return { bytes, sha256: hash.digest('hex') }
}

const { onEvent, close } = terminalProgress({ output: process.stderr, env: process.env })
const options = { dir, name: 'crawl', signal: stop.signal, onEvent }
const crawled = await runOperation(options, async (ctx) => {
  const files = await ctx.step('list', () =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1)),
  )
  const found = await ctx.map(
    'read',
    files,
    { key: (file) => file, concurrency: 4 },
    (file, step) => fingerprint(file, step.signal),
  )
  return { files: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) }
})
close()
if (!crawled.ok) process.exitCode = 1
process.stdout.write(`${crawled.ok ? JSON.stringify(crawled.value) : crawled.error.message}\n`)
