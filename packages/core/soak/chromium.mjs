// node soak/chromium.mjs
//
// Does `.` work in a browser? The built entry is bundled for one, together with the contracts of
// blobs, log and storage on the memory medium, and every case runs in headless Chromium, on a page
// that a server on the loopback interface serves. A case that fails or hangs, and any error that
// the page reports, is a violation. Nothing is random here: it runs once, whatever the arguments.
// Chromium is $CHROMIUM or /usr/bin/chromium. Exit code 77: there is none.
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const SKIPPED = 77
/** The slowest case takes a few seconds; a machine that is busy may take much longer. */
const CASE_LIMIT_MS = 120_000
const LAUNCH_LIMIT_MS = 120_000
const OVERDUE = new Error(`no end within ${CASE_LIMIT_MS / 1000} s`)

const PAGE = `<!doctype html><meta charset="utf-8"><title>core</title>
<link rel="icon" href="data:,"><script type="module" src="/program.js"></script>`

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
if (!existsSync(executablePath)) {
  process.stderr.write(
    `SKIPPED cases in Chromium: there is no ${executablePath}. Install it (Debian: ` +
      'apt-get install chromium) or name one: CHROMIUM=/path/to/chromium\n',
  )
  process.exit(SKIPPED)
}

const begun = performance.now()
const violations = []
const program = await bundle()
const server = await serve(program)
const browser = await launch()
const version = browser.version()
let counts = { passed: 0, skipped: 0 }
try {
  counts = await runCases(await openPage(`http://127.0.0.1:${server.address().port}/`))
} finally {
  await browser.close()
  server.close()
}
for (const line of violations) process.stderr.write(`VIOLATION ${line}\n`)
const seconds = ((performance.now() - begun) / 1000).toFixed(0)
process.stdout.write(
  `${counts.passed} cases passed in Chromium ${version}, ${counts.skipped} skipped, ` +
    `${violations.length} violations, ${(program.length / 1024).toFixed(0)} KiB of script, ${seconds} s\n`,
)
process.exit(violations.length === 0 && counts.passed > 0 ? 0 : 1)

/** One script for a browser: what it would need of Node cannot be resolved, which fails. */
async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('support/contract-page.mjs', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  })
  return outputFiles[0].text
}

async function serve(script) {
  const files = new Map([
    ['/', ['text/html', PAGE]],
    ['/program.js', ['text/javascript', script]],
  ])
  const server = createServer(({ url }, response) => {
    const [type, body] = files.get(url) ?? []
    if (body === undefined) return response.writeHead(404).end()
    return response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body)
  })
  await new Promise((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve)
  })
  return server
}

/** Headless, with a new empty profile that is removed when it closes. */
function launch() {
  return chromium.launch({
    executablePath,
    headless: true,
    // A container's root may not make one, and the page holds nothing but our own script.
    chromiumSandbox: false,
    timeout: LAUNCH_LIMIT_MS,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // It asks nobody but the server here.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  })
}

async function openPage(url) {
  const page = await browser.newPage()
  page.on('pageerror', (error) => violations.push(`the page threw ${error.message}`))
  page.on('console', (line) => {
    if (line.type() === 'error') violations.push(`the console says ${line.text()}`)
  })
  page.on('crash', () => violations.push('the page crashed'))
  await page.goto(url)
  return page
}

/** Runs the cases one after the other; a case that the memory medium cannot run is told. */
async function runCases(page) {
  const cases = await page.evaluate(() =>
    (globalThis.contractCases ?? []).map(({ name, unmet }) => ({ name, unmet })),
  )
  if (cases.length === 0) violations.push('the page has no cases: its script did not run')
  const counts = { passed: 0, skipped: 0 }
  for (const [index, { name, unmet }] of cases.entries()) {
    if (unmet.length > 0) {
      process.stderr.write(`SKIPPED ${name}: needs ${unmet.join()}\n`)
      counts.skipped += 1
      continue
    }
    try {
      await withinLimit(page.evaluate((index) => globalThis.contractCases[index].run(), index))
      counts.passed += 1
    } catch (error) {
      violations.push(`${name}: ${error.message}`)
      // Nothing more can be asked of a page that does not come back.
      if (error === OVERDUE) break
    }
  }
  return counts
}

async function withinLimit(work) {
  let timer
  const overdue = new Promise((_, reject) => {
    timer = setTimeout(() => reject(OVERDUE), CASE_LIMIT_MS)
  })
  try {
    return await Promise.race([work, overdue])
  } finally {
    clearTimeout(timer)
  }
}
