// pnpm verify [--prove] [--only <word>]: every gate that a change has to pass, one line each. With
// --prove each gate is broken on purpose in a copy of the last commit, and has to notice.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gates } from './verify/gates.mjs'

const { values } = parseArgs({
  options: { prove: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const environment = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' }
const root = fileURLToPath(new URL('..', import.meta.url))
const wanted = gates.filter(({ name }) => name.includes(values.only))
const failed = values.prove ? prove() : pass()
process.exit(failed === 0 ? 0 : 1)

/** Runs the gates on the working tree. */
function pass() {
  let failures = 0
  for (const { name, commands } of wanted) {
    const begun = performance.now()
    const output = firstFailure(commands, root)
    const seconds = ((performance.now() - begun) / 1000).toFixed(0)
    process.stdout.write(`${output === undefined ? '✓' : '✗'} ${name.padEnd(44)} ${seconds} s\n`)
    if (output === undefined) continue
    failures += 1
    process.stdout.write(`${output.trim().split('\n').slice(-40).join('\n')}\n`)
  }
  process.stdout.write(`${wanted.length - failures} of ${wanted.length} gates hold\n`)
  return failures
}

/** Breaks each gate in a copy of the last commit; a gate that stays green is the failure. */
function prove() {
  const copy = mkdtempSync(join(tmpdir(), 'tidemark-verify-'))
  let blind = 0
  try {
    must('git', ['clone', '--quiet', '--local', root, copy], tmpdir())
    must('npx', ['-y', '--prefer-offline', 'pnpm@12.21.0', 'install', '--frozen-lockfile'], copy)
    must('npx', ['-y', '--prefer-offline', 'pnpm@12.21.0', 'build'], copy)
    for (const gate of wanted) {
      const { name, commands, broken } = gate
      const file = join(copy, broken.file)
      const before = readFileSync(file, 'utf8')
      const after = broken.change(before)
      if (after === before) throw new Error(`the proof of "${name}" no longer fits ${broken.file}`)
      writeFileSync(file, after)
      const noticed = firstFailure(commands, copy) !== undefined
      writeFileSync(file, before)
      process.stdout.write(`${noticed ? '✓' : '✗'} ${name.padEnd(44)} ${broken.what}\n`)
      if (!noticed) blind += 1
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
  process.stdout.write(`${wanted.length - blind} of ${wanted.length} gates notice what is broken\n`)
  return blind
}

/** What the first command that fails printed; `undefined` when none does. */
function firstFailure(commands, cwd) {
  for (const [program, ...args] of commands) {
    const run = spawnSync(program, args, {
      cwd,
      env: environment,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    if (run.status !== 0) return `${run.stdout}${run.stderr}`
  }
  return undefined
}

function must(program, args, cwd) {
  const run = spawnSync(program, args, {
    cwd,
    env: environment,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (run.status !== 0) throw new Error(`${program} ${args.join(' ')}\n${run.stdout}${run.stderr}`)
}
