// node crawl.mjs FOLDER: the size and SHA-256 of every file below it. Stop it; start it again.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runOperation } from '@tidemark/operation/file'
import { terminalProgress } from '@tidemark/operation/progress'

const [folder = '.', dir = '.crawl'] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())
const { onEvent, close } = terminalProgress({ output: process.stderr, env: process.env })
const options = { dir, name: 'crawl', signal: stop.signal, onEvent }
const crawled = await runOperation(options, async (ctx) => {
  const files = await ctx.step('list', () => {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name))
  })
  const map = { key: (file) => file, concurrency: 4 }
  const found = await ctx.map('read', files, map, async (file, { signal }) => {
    const bytes = await readFile(file, { signal })
    return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  return { files: found.length, bytes: found.reduce((sum, { bytes }) => sum + bytes, 0) }
})
close()
if (!crawled.ok) process.exitCode = 1
process.stdout.write(`${crawled.ok ? JSON.stringify(crawled.value) : crawled.error.message}\n`)
