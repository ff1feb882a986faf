import { copyFile, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Live } from '../src/serve/live.ts'
import { flipByte, flipped, forge, recordOf } from './support/attacker.ts'
import { CLEAN, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { inProcess, jsonIn, start, strata } from './support/strata.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const hasChromium = existsSync(CHROMIUM)
const isBound = process.env['CI'] !== undefined
if (!hasChromium) {
  process.stderr.write(
    `SKIPPED the page in Chromium: there is no ${CHROMIUM}. Install it (Debian: apt-get install ` +
      'chromium) or name one: CHROMIUM=/path/to/chromium\n',
  )
}

/** Pictures of the page are what these tests put out; `TIDEMARK_PICTURES=1` renews the README's. */
const PICTURES = fileURLToPath(new URL('../dist/pictures/', import.meta.url))
const DOCS = fileURLToPath(new URL('../docs/', import.meta.url))

let browser: Browser

beforeAll(async () => {
  await mkdir(PICTURES, { recursive: true })
  if (!hasChromium) return
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    // A container's root may not make one, and the page holds nothing but our own script.
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--no-first-run',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  })
})

afterAll(() => (hasChromium ? browser.close() : undefined))

interface Opened {
  readonly page: Page
  readonly url: string
  readonly token: string
  readonly repository: string
  readonly store: string
  readonly live: () => Promise<Live>
  /** What the console and the page complain of. */
  readonly complaints: readonly string[]
}

interface Look {
  readonly width?: number
  readonly height?: number
  readonly scheme?: 'light' | 'dark'
}

async function opened(commits: number, every: number, look: Look = {}): Promise<Opened> {
  const { width = 1280, height = 900, scheme = 'light' } = look
  const repository = await madeRepository(commits, 20_170_306)
  const args = ['serve', repository, '--json', '--every', String(every)]
  const store = join(await scratch(), 'store')
  const server = start([...args, '--store', store], { env: CLEAN })
  onTestFinished(async () => {
    server.kill('SIGTERM')
    expect((await server.ended).code).toBe(0)
  })
  const { url, token } = await server.firstLine()
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme })
  onTestFinished(() => page.close())
  const complaints: string[] = []
  page.on('pageerror', ({ message }) => complaints.push(message))
  page.on('console', (line) => {
    if (['error', 'warning'].includes(line.type())) complaints.push(line.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`it asked ${request.url()}`)
  })
  await page.goto(`${url}#${token}`)
  // oxlint-disable-next-line typescript/no-unsafe-return -- the server's own type
  const live = async (): Promise<Live> => (await fetch(`${url}api/live`)).json()
  return { page, url, token, repository, store, live, complaints }
}

const press = (page: Page, name: string): Promise<void> =>
  page.getByRole('button', { name, exact: true }).click({ timeout: 60_000 })

const SLOW = { timeout: 90_000, interval: 100 }

async function expectState(page: Page, state: string): Promise<void> {
  await page.waitForSelector(`.state.${state}`, { timeout: SLOW.timeout })
}

/** Takes a picture of the page from its top, or of a part of it. */
async function picture(of: Page | Locator, name: string): Promise<void> {
  await of.screenshot({ path: `${PICTURES}${name}` })
  if (process.env['TIDEMARK_PICTURES'] !== '1') return
  await mkdir(DOCS, { recursive: true })
  await copyFile(`${PICTURES}${name}`, `${DOCS}${name}`)
}

/** What every act must say: the error, and who saw it. */
const ACTS = [
  ['Kill a run', '', '@tidemark/stream-store'],
  ['Flip a bit of state', 'corrupt', '@tidemark/stream-store'],
  ['Cut the newest record', 'corrupt', '@tidemark/stream-store'],
  ['Delete the newest record', '', '@tidemark/operation'],
  ['Swap a chunk', 'CHUNK_CORRUPTED', '@tidemark/mkvs-chunks'],
  ['Lie about the chunks', 'CHUNK_PROOF_VERIFICATION_FAILED', '@tidemark/mkvs-chunks'],
  ['Tamper with settings', 'AUTHENTICATION_FAILED', '@tidemark/wrappers: hmac'],
  ['Put back an old report', 'ROLLBACK_DETECTED', '@tidemark/wrappers: hmac'],
  ['Force-push', 'ROLLBACK_DETECTED', '@tidemark/log-persistence'],
] as const

it.runIf(isBound)('has a Chromium to be tested in', () => {
  expect(hasChromium).toBe(true)
})

describe.runIf(hasChromium)('the page in Chromium', () => {
  it('kills a run and goes on, verifies, and ends with the digest of an untouched run', async () => {
    const { page, live, repository, complaints } = await opened(3000, 100, { height: 1000 })
    await expect.poll(async () => (await live()).run.epochs.length, SLOW).toBeGreaterThan(2)
    await press(page, 'kill -9')
    await expectState(page, 'killed')
    const killed = await live()
    expect(killed.run.position).toBeLessThan(3000)
    await press(page, 'Read on')
    await page
      .locator('#recovery li')
      .first()
      .getByText(/chosen: epoch/u)
      .waitFor()
    await press(page, 'Stop')
    await expectState(page, 'interrupted')
    await press(page, 'Read on')
    await expectState(page, 'finished')
    const untouched = await strata(['run', repository, '--json', '--store', await scratch()])
    const { digest, root = '' } = jsonIn(untouched)
    await page.getByText(digest).waitFor()
    await page.getByText(root).first().waitFor()
    const starts = await page.locator('#recovery li').allInnerTexts()
    expect(starts).toHaveLength(3)
    expect(starts[2]).toContain('killed with SIGKILL')
    expect(starts[1]).toMatch(/chosen: epoch \d+/u)
    expect(starts[0]).toContain('finished')
    expect(starts[0]).toMatch(/pruned: (epoch|\d+ epochs,) \d+/u)

    await press(page, 'Verify every chunk')
    await page.getByText(/chunks? proven, none is missing/u).waitFor()
    expect(await page.locator('.cell.proven').count()).toBe((await live()).guard.sealed?.chunks)
    await page.locator('.cell').first().focus()
    await page.getByText((await live()).chunks.cells[0]?.digest ?? '').waitFor()
    await page.evaluate(() => scrollTo(0, 0))
    await picture(page, 'page.png')

    await press(page, 'Read from the first commit')
    await expectState(page, 'running')
    await expectState(page, 'finished')
    expect((await live()).run).toMatchObject({ resumedFrom: 0, digest })
    expect(complaints).toEqual([])
  })

  it('shows a chunk that lies, on hover and on focus, and what is kept that is refused', async () => {
    const { page, live, repository, store, complaints } = await opened(2000, 500)
    await expectState(page, 'finished')
    const report = page.locator('#guard [data-kept=report]')
    await report.getByText('genuine').waitFor()
    expect(await page.locator('#guard .layers li').allInnerTexts()).toEqual([
      expect.stringMatching(/compress\s+gzip\s+passed/u),
      expect.stringMatching(/encrypt\s+aes-256-gcm\s+passed/u),
      expect.stringMatching(/checksum\s+sha-256\s+passed/u),
      expect.stringMatching(/hmac\s+hmac-sha-256\s+passed/u),
      expect.stringMatching(/storage\s+core\s+passed/u),
    ])

    const { root = '' } = (await live()).guard.sealed ?? {}
    await flipByte(join(store, 'sealed/2000', root, 'chunks/1'), 1)
    await forge(recordOf(store, 'report/refs/heads/main'), flipped(1))
    await press(page, 'Verify every chunk')
    const refused = page.getByRole('button', { name: 'chunk 1, refused' })
    await refused.waitFor()
    expect(await page.locator('.cell.refused').count()).toBe(1)
    const shown = page.locator('#chunks .shown')
    const digest = (await live()).chunks.cells.at(1)?.digest ?? ''
    const expectShown = async (): Promise<void> => {
      for (const part of ['chunk 1', digest, 'CHUNK_CORRUPTED']) {
        await shown.getByText(part, { exact: true }).waitFor()
      }
    }
    await refused.hover()
    await expectShown()
    await page.getByRole('button', { name: 'chunk 0, proven' }).hover()
    await shown.getByText('chunk 0', { exact: true }).waitFor()
    expect(await shown.innerText()).not.toContain('CHUNK_CORRUPTED')
    await page.locator('.cell').first().focus()
    await page.keyboard.press('ArrowRight')
    await expectShown()
    await report.getByText('AUTHENTICATION_FAILED').waitFor()
    expect(await report.innerText()).toContain('refused by hmac')
    expect(await page.locator('#guard .layers .refused b').allInnerTexts()).toEqual(['hmac'])
    expect(await page.locator('#guard .layers .not-reached').count()).toBe(3)
    await page.screenshot({ path: `${PICTURES}refused.png`, fullPage: true })

    await press(page, 'Read from the first commit')
    await expectState(page, 'running')
    await expectState(page, 'finished')
    await report.getByText('genuine').waitFor()
    await press(page, 'Verify every chunk')
    await page.getByText(/chunks? proven, none is missing/u).waitFor()
    await inProcess(['settings', 'limit', '12', '--repository', repository, '--store', store])
    await forge(recordOf(store, 'settings'), flipped(1))
    await press(page, 'Read on')
    await expectState(page, 'failed')
    const settings = page.locator('#guard [data-kept=settings]')
    await settings.getByText('AUTHENTICATION_FAILED').waitFor()
    expect(await settings.innerText()).toContain('strata settings --reset')
    expect(complaints).toEqual([])
  })

  it('breaks everything, one button after the other, and says who caught it', async () => {
    const { page, live, complaints } = await opened(60, 20, { scheme: 'dark' })
    await expectState(page, 'finished')
    for (const [name, code, caughtBy] of ACTS) {
      await press(page, name)
      const outcome = page.locator('.acts li', { has: page.getByRole('heading', { name }) })
      await outcome.getByText('is that of an untouched run').waitFor({ timeout: SLOW.timeout })
      expect(await outcome.locator('.caught').innerText()).toContain(caughtBy)
      expect(await outcome.locator('.caught code').allInnerTexts()).toEqual(
        code === '' ? [] : [code],
      )
      const { chaos } = await live()
      const digest = await outcome.locator('p code').last().getAttribute('title')
      if (name !== 'Force-push') expect(digest).toBe(chaos.untouched)
    }
    await page.getByLabel('seed').fill('7')
    await press(page, 'All of them')
    await page.getByText('9 of 9 came to the digest of an untouched run (seed 7)').waitFor(SLOW)
    await picture(page.locator('#chaos'), 'chaos.png')
    expect(complaints).toEqual([])
  })

  it('fits on 360 pixels, has a name for everything, and is worked by keys alone', async () => {
    const { page, complaints } = await opened(200, 50, { width: 360, height: 740 })
    await expectState(page, 'finished')
    const width = await page.evaluate(() => document.documentElement.scrollWidth)
    expect(width).toBeLessThanOrEqual(360)
    const nameless = await page.evaluate(() =>
      [...document.querySelectorAll('button, input, [role=img]')]
        .filter((element) => {
          const own = element.getAttribute('aria-label') ?? element.textContent
          return own === '' && element.closest('label') === null
        })
        .map((element) => element.outerHTML),
    )
    expect(nameless).toEqual([])
    await page.locator('#guard [data-kept=report]').getByText('genuine').waitFor()
    await page.screenshot({ path: `${PICTURES}narrow.png`, fullPage: true })

    const first = page.locator('.tile').first()
    await first.focus()
    await page.keyboard.press('ArrowRight')
    const label = await page.locator('.tile').nth(1).getAttribute('aria-label')
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
      label,
    )
    await page.locator('.tile[tabindex="0"]').waitFor()
    expect(await page.locator('.tile[tabindex="0"]').count()).toBe(1)
    await page.getByRole('button', { name: 'Verify every chunk' }).focus()
    await page.keyboard.press('Enter')
    await page.getByText(/none is missing/u).waitFor()
    expect(complaints).toEqual([])
  })

  it('only shows without the token, keeps it out of the address, and takes it by hand', async () => {
    const { page, url, token, live } = await opened(20, 10)
    await expectState(page, 'finished')
    expect(page.url()).toBe(url)
    const stranger = await browser.newPage()
    onTestFinished(() => stranger.close())
    await stranger.goto(url)
    await expectState(stranger, 'finished')
    expect(await stranger.getByRole('button', { name: 'Read on' }).isDisabled()).toBe(true)
    await stranger.getByLabel(/With the token/u).fill('f'.repeat(32))
    await press(stranger, 'Use it')
    await press(stranger, 'Read on')
    await stranger.getByRole('alert').getByText('this needs the token').waitFor()
    expect((await live()).recovery).toHaveLength(1)
    await stranger.goto('about:blank')
    await stranger.goto(`${url}#${token}`)
    await press(stranger, 'Read on')
    await expect.poll(async () => (await live()).recovery.length, SLOW).toBe(2)
  })
})
