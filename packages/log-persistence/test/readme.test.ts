import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const example = fileURLToPath(new URL('../examples/witness-memory.mjs', import.meta.url))

it('the README shows the example that is run here', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  expect(readme).toContain(await readFile(example, 'utf8'))
})

it('of two processes that race the example one signs, and the other is refused', async () => {
  const home = await mkdtemp(join(tmpdir(), 'tidemark-readme-'))
  for (const size of ['1', '2', '3']) {
    const racers = ['aaa', 'bbb'].map(async (root) => {
      return (await run(process.execPath, [example, join(home, 'w.db'), size, root])).stdout.trim()
    })
    const said = (await Promise.all(racers)).sort()
    expect(said).toEqual([
      `refused: size ${size} is already signed`,
      expect.stringMatching(`^signed ${size} (aaa|bbb)$`),
    ])
  }
  await rm(home, { recursive: true })
})
