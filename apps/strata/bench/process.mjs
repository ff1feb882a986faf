// Processes and what they take: time by the clock, and of the processors with all that they start.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { devNull } from 'node:os'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))

/** Of the processors, where the system counts them: so many ticks a second. */
const TICKS = 100

/** Nothing of the user's decides what is measured. */
export const ENVIRONMENT = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))),
  GIT_CONFIG_GLOBAL: devNull,
  GIT_CONFIG_NOSYSTEM: '1',
  LC_ALL: 'C',
}

/** Runs `strata … --json`; gives what it took, its result and what it said beside it. */
export async function strata(args, environment = {}) {
  const command = [process.execPath, CLI, ...args, '--json']
  const { said, ...took } = await measured(command, environment)
  return { ...took, result: JSON.parse(said.stdout), stderr: said.stderr }
}

/** Runs a command and reads what it writes to its end, keeping none of it: the number of bytes. */
export async function drained(command) {
  let bytes = 0
  const took = await measured(command, {}, (chunk) => (bytes += chunk.length))
  return { ...took, bytes }
}

async function measured([file, ...args], environment, sink) {
  const [begun, before] = [performance.now(), childrenMs()]
  const child = spawn(file, args, {
    env: { ...ENVIRONMENT, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  if (sink === undefined) child.stdout.setEncoding('utf8')
  child.stdout.on('data', sink ?? ((text) => (said.stdout += text)))
  child.stderr.setEncoding('utf8').on('data', (text) => (said.stderr += text))
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${file} ended with ${status}: ${said.stdout}${said.stderr}`)
  return { ms: performance.now() - begun, cpuMs: childrenMs() - before, said }
}

/** The processor time of all processes that have ended, with theirs; NaN where nobody counts it. */
function childrenMs() {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    // After the name, which may have spaces in it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return ((Number(fields[13]) + Number(fields[14])) * 1000) / TICKS
  } catch {
    return Number.NaN
  }
}
