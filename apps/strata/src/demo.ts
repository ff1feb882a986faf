import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { showDemo } from './demo/show-demo.ts'
import { processSurroundings } from './process-surroundings.ts'

const surroundings = processSurroundings()
const { environment, directory } = surroundings
const [asked] = process.argv.slice(2)
const scratch = await mkdtemp(join(tmpdir(), 'tidemark-demo-'))
const cli = fileURLToPath(new URL('cli.js', import.meta.url))
try {
  process.exitCode = await showDemo({
    ...surroundings,
    // A script of the workspace runs in its root; the reader's path is meant from where they are.
    asked: asked === undefined ? undefined : resolve(environment['INIT_CWD'] ?? directory, asked),
    own: fileURLToPath(new URL('.', import.meta.url)),
    cli: relative(directory, cli),
    scratch,
    seed: Number(environment['TIDEMARK_SEED'] ?? randomInt(1_000_000)),
  })
} finally {
  await rm(scratch, { recursive: true, force: true })
}
