import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const CRAWL = fileURLToPath(new URL('../examples/crawl.mjs', import.meta.url))
const README = fileURLToPath(new URL('../README.md', import.meta.url))

/** How many records the operation has. */
function recordsIn(dir: string): number {
  const names = readdirSync(dir, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /r[0-9]+$/.test(name)).length
}

/** Runs the crawler; if asked to, kills it when some of the files that it reads are noted. */
function crawl(folder: string, dir: string, isKilled = false): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CRAWL, folder, dir], {
      env: { ...process.env, CI: '1' },
    })
    let output = ''
    let watch: NodeJS.Timeout | undefined
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => {
      output += String(chunk)
      if (!isKilled || watch !== undefined) return
      // The list is done, so the files are being read; what is noted next is some of them.
      const listed = recordsIn(dir)
      watch = setInterval(() => recordsIn(dir) > listed && child.kill('SIGKILL'), 1)
    })
    child.on('close', () => {
      clearInterval(watch)
      resolve(output)
    })
  })
}

it('the crawler of the README is the one that is run, in 30 lines', () => {
  const code = readFileSync(CRAWL, 'utf8')
  expect(readFileSync(README, 'utf8')).toContain(`\`\`\`js\n${code}\`\`\``)
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(30)
})

it('the crawler of the README goes on after a kill', async () => {
  const root = mkdtempSync(join(tmpdir(), 'tidemark-crawl-'))
  mkdirSync(join(root, 'tree', 'deep'), { recursive: true })
  for (let i = 0; i < 300; i++)
    writeFileSync(join(root, 'tree', i % 2 ? 'deep' : '.', `${i}`), `${i}`)
  const args = [join(root, 'tree'), join(root, 'store')] as const
  expect(await crawl(...args, true)).toBe('list: done\n')
  const resumed = await crawl(...args)
  expect(resumed).toContain('list: done in an earlier run')
  expect(resumed).toMatch(/read .* 300\/300 items {2}\([0-9]+ earlier\)/)
  expect(resumed).toContain('{"files":300,"bytes":790}')
  expect(await crawl(...args)).toBe('{"files":300,"bytes":790}\n')
  rmSync(root, { recursive: true })
}, 120_000)
