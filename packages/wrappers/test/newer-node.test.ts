import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { newerNode } from '@tidemark/test-setup/newer-node'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const vitest = join(
  dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
)
const home = fileURLToPath(new URL('..', import.meta.url))
const node = await newerNode()

describe.skipIf(node === undefined)('on Node 24', () => {
  it('zstd keeps the promises of a layer, and gives bombs up', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tidemark-zstd-'))
    const path = join(folder, 'report.json')
    const tests = ['run', 'layer-contract', 'bomb', 'compress.test', '-t', 'zstd']
    await run(node ?? '', [vitest, ...tests, `--outputFile.json=${path}`], { cwd: home })
    const report = await readFile(path, 'utf8')
    expect(JSON.parse(report)).toMatchObject({ success: true, numFailedTests: 0 })
    expect(report).toContain('the layer zstd gives every value back')
    expect(report).toContain('gives a zstd bomb up before it is large')
    expect(report).toContain('zstd is there where the runtime has it')
    await rm(folder, { recursive: true })
  })
})
