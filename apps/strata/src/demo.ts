import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { showDemo } from './demo/show-demo.ts'
import { EXIT } from './exit-code.ts'
import { processSurroundings } from './process-surroundings.ts'

const surroundings = processSurroundings()
const { environment, directory } = surroundings
// A script of the workspace runs in its root; the reader's paths are meant from where they are.
const there = environment['INIT_CWD'] ?? directory
const [asked] = process.argv.slice(2)
const scratch = mkdtempSync(join(tmpdir(), 'tidemark-demo-'))
const cli = fileURLToPath(new URL('cli.js', import.meta.url))
surroundings.signal.addEventListener('abort', () => {
  rmSync(scratch, { recursive: true, force: true })
  process.exit(EXIT.interrupted)
})
try {
  process.exitCode = await showDemo({
    ...surroundings,
    asked: asked === undefined ? undefined : resolve(there, asked),
    own: fileURLToPath(new URL('.', import.meta.url)),
    cli: relative(there, cli),
    scratch,
    seed: Number(environment['TIDEMARK_SEED'] ?? randomInt(1_000_000)),
  })
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
