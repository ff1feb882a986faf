// Packs every package and looks at it as npm and TypeScript will: publint and arethetypeswrong.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const packed = mkdtempSync(join(tmpdir(), 'tidemark-packed-'))
let problems = 0
try {
  for (const folder of readdirSync('packages')) {
    const home = join('packages', folder)
    if (!existsSync(join(home, 'package.json'))) continue
    const { messages, pkg } = await publint({ pkgDir: home, pack: 'pnpm', strict: true })
    for (const message of messages) {
      problems += 1
      process.stderr.write(`${folder}: ${formatMessage(message, pkg)}\n`)
    }
    run('npx', [
      '-y',
      '--prefer-offline',
      'pnpm@12.21.0',
      '--dir',
      home,
      'pack',
      '--pack-destination',
      packed,
    ])
  }
  for (const file of readdirSync(packed)) {
    // ESM alone, by design: `require` of it works on every supported Node, which attw warns about.
    const looked = spawnSync(
      'node_modules/.bin/attw',
      [join(packed, file), '--profile', 'esm-only', '--no-emoji'],
      {
        encoding: 'utf8',
      },
    )
    if (looked.status === 0) continue
    problems += 1
    process.stderr.write(`${file}\n${looked.stdout}${looked.stderr}`)
  }
} finally {
  rmSync(packed, { recursive: true, force: true })
}
if (problems > 0) process.exitCode = 1
else process.stdout.write('every package is as npm and TypeScript want it\n')

function run(program, args) {
  const done = spawnSync(program, args, { encoding: 'utf8' })
  if (done.status !== 0)
    throw new Error(`${program} ${args.join(' ')}\n${done.stdout}${done.stderr}`)
}
