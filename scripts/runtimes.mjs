// pnpm runtimes [--write] [--only <runtime>]: the packages, packed and installed as a user has them,
// on other runtimes than the one they are built on. Each runs the contracts on memory and, where it
// has files, on files. One table; `--write` keeps it in docs/RUNTIMES.md. Exit code 1: a contract
// does not hold, or a runtime could not be had.
import { execFile } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
})
const root = fileURLToPath(new URL('..', import.meta.url))
const execute = promisify(execFile)

/** A contract takes seconds; a busy machine much longer. */
const RUN_MS = 900_000

/** How each runtime is started: all of them are packages like any other, but for the browser. */
const RUNTIMES = [
  { name: 'Node 20.19', command: ['npx', '-y', '--prefer-offline', 'node@20.19.6'] },
  { name: 'Node 22', command: ['npx', '-y', '--prefer-offline', 'node@22'] },
  { name: 'Node 24', command: ['npx', '-y', '--prefer-offline', 'node@24'] },
  { name: 'Node 26', command: ['npx', '-y', '--prefer-offline', 'node@26'] },
  {
    name: 'Bun',
    command: ['npx', '-y', '--prefer-offline', 'bun@1.4.5', 'run'],
    version: ['npx', '-y', '--prefer-offline', 'bun@1.4.5', '--version'],
  },
  {
    name: 'Deno',
    command: ['npx', '-y', '--prefer-offline', 'deno@2.9.6', 'run', '-A'],
    version: ['npx', '-y', '--prefer-offline', 'deno@2.9.6', '--version'],
  },
]

const home = mkdtempSync(join(tmpdir(), 'tidemark-runtimes-'))
const results = []
try {
  await installPacked()
  for (const runtime of RUNTIMES.filter(({ name }) => name.includes(values.only))) {
    results.push(await onRuntime(runtime))
  }
  if ('Chromium'.includes(values.only)) results.push(await inChromium())
} finally {
  rmSync(home, { recursive: true, force: true })
}
const lines = table()
process.stdout.write(`${lines.join('\n')}\n`)
for (const { name, failed } of results)
  for (const each of failed) process.stdout.write(`${name}: ${each}\n`)
if (values.write) writeDocument(lines)
if (results.some(({ failed }) => failed.length > 0)) process.exitCode = 1

/** Packs every package and installs all of them into one empty folder. */
async function installPacked() {
  const packed = join(home, 'packed')
  mkdirSync(packed)
  const pack = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', packed]
  await run('npx', ['-y', '--prefer-offline', 'pnpm@12.21.0', ...pack], root)
  writeFileSync(join(home, 'package.json'), '{ "private": true, "type": "module" }\n')
  const tarballs = readdirSync(packed).map((file) => join(packed, file))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], home)
  cpSync(join(root, 'scripts/runtimes'), home, { recursive: true })
}

async function onRuntime({ name, command, version = [...command, '--version'] }) {
  const failed = []
  const counts = {}
  let shown = ''
  try {
    const [program = '', ...args] = version
    shown = (await run(program, args, home)).trim().split('\n').at(0).replace(/^v/, '')
    for (const medium of ['memory', 'file']) {
      const [start = '', ...rest] = command
      const said = await run(start, [...rest, join(home, 'program.mjs'), medium], home)
      counts[medium] = note(
        said
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
        medium,
        failed,
      )
    }
  } catch (error) {
    failed.push(String(error.message).split('\n').slice(0, 12).join(' | '))
  }
  return { name, version: shown, counts, failed }
}

async function inChromium() {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
  const failed = []
  if (!existsSync(executablePath)) {
    return { name: 'Chromium', version: '', counts: {}, failed: [`there is no ${executablePath}`] }
  }
  const { build } = await import('esbuild')
  const { chromium } = await import('playwright-core')
  const entryPoints = [join(home, 'page.mjs')]
  const options = { bundle: true, write: false, format: 'esm', platform: 'browser' }
  const { outputFiles } = await build({ entryPoints, ...options })
  const page = `<!doctype html><meta charset="utf-8"><script type="module" src="/page.js"></script>`
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? outputFiles[0].text : page)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const browser = await chromium.launch({
    executablePath,
    chromiumSandbox: false,
    timeout: 120_000,
  })
  const tab = await browser.newPage()
  tab.setDefaultTimeout(RUN_MS)
  tab.on('pageerror', (error) => failed.push(`the page threw ${error.message}`))
  await tab.goto(`http://127.0.0.1:${server.address().port}/`)
  await tab.waitForFunction(() => 'runAll' in globalThis)
  const told = await tab.evaluate(() => globalThis.runAll())
  const version = browser.version()
  await browser.close()
  server.close()
  return { name: 'Chromium', version, counts: { memory: note(told, 'memory', failed) }, failed }
}

/** Sums what a runtime told. */
function note(told, medium, failed) {
  for (const { name, failed: each } of told) {
    for (const reason of each) failed.push(`${name} on ${medium}: ${reason}`)
  }
  return told.reduce((sum, { passed }) => sum + passed, 0)
}

function table() {
  const rows = results.map(({ name, version, counts, failed }) => {
    const cell = (count) => (count === undefined ? '–' : `${count} hold`)
    const verdict = failed.length === 0 ? 'supported' : `${failed.length} fail`
    return `| ${name} | ${version} | ${cell(counts.memory)} | ${cell(counts.file)} | ${verdict} |`
  })
  return [
    '| runtime | version | contracts on memory | on files | |',
    '|---|---|---|---|---|',
    ...rows,
  ]
}

function writeDocument(lines) {
  const text = `# Runtimes

The packages as they are published, installed into an empty folder, with their contract suites on each runtime. Written by
\`pnpm runtimes --write\`; a dash: the runtime has no files, and the entries that open directories are not for it.

${lines.join('\n')}

Not supported: Node before 20.19 (it cannot \`require\` these modules), React Native, and browsers for every entry but \`.\` and \`./testing\`.
Drivers of databases support what their own documentation says.
`
  writeFileSync(join(root, 'docs/RUNTIMES.md'), text)
}

async function run(command, args, cwd) {
  const env = { ...process.env, NO_COLOR: '1', npm_config_update_notifier: 'false' }
  try {
    return (await execute(command, args, { cwd, env, maxBuffer: 2 ** 26, timeout: RUN_MS })).stdout
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}: ${error.stderr ?? error}`, { cause: error })
  }
}
