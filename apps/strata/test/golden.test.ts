import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { copyOf, filesIn, madeAnew, removeCopies } from '@tidemark/golden'
import { afterAll, describe, expect, it } from 'vitest'
import { NOTHING_KNOWN } from '../src/kept/known.ts'
import { loadReport } from '../src/kept/report.ts'
import { loadSettings } from '../src/kept/settings.ts'
import { digestOf, encodeState } from '../src/layers/state-codec.ts'
import { findPlace } from '../src/tidemark/stream-store.ts'
import { openKept } from '../src/tidemark/wrappers.ts'
import { CLEAN } from './support/git.ts'
import { inProcess, jsonIn, type JsonResult } from './support/strata.ts'

/** Named after the version of the state in it. */
const golden = join(import.meta.dirname, 'golden', 'v2')
const KEY = '07'.repeat(32)
const told = readFileSync(join(golden, 'run.json'), 'utf8')
// oxlint-disable-next-line typescript/no-unsafe-assignment -- its fields are what is looked at
const run: JsonResult = JSON.parse(told)
afterAll(removeCopies)

const storeCopy = (): string => copyOf(join(golden, 'store'))

describe('what Strata kept when its state had version 2', () => {
  it('is a place to go on from: the state, and the same bytes of it again', async () => {
    const store = unwrap(await FileBlobStore.open(storeCopy()))
    const { state, epoch, skipped } = unwrap(await findPlace(store))
    expect([state?.position, state?.commit, epoch, skipped]).toEqual([60, run.commit, 3, []])
    expect(state?.files.size).toBe(run.files)
    expect(state === undefined ? '' : digestOf(encodeState(state))).toBe(run.digest)
    await store.close()
  })

  it('is a report and settings, sealed with a key', async () => {
    const environment = { ...CLEAN, STRATA_KEY: KEY }
    const report = await inProcess(
      ['report', storeCopy(), '--branch', 'main', '--json'],
      environment,
    )
    expect(report.stdout).toBe(told)

    const store = unwrap(await FileBlobStore.open(storeCopy()))
    const secret = fromHex(KEY) ?? new Uint8Array()
    const kept = unwrap(await openKept(store, secret, NOTHING_KNOWN))
    expect(unwrap(await loadSettings(kept))).toEqual({ every: 25, limit: 10 })
    const { savedAt, text } = unwrap(await loadReport(kept, 'refs/heads/main'))
    expect(savedAt.getTime()).toBe(1_700_000_000_000)
    expect(text).toContain(run.root)
    await kept.close()
    await store.close()
  })

  it('is a sealed result that verifies, a published root, and phases that are done', async () => {
    const store = storeCopy()
    const verified = await inProcess(['verify', store, '--root', run.root ?? '', '--json'])
    expect([verified.code, jsonIn(verified).files]).toEqual([0, run.files])
    const status: unknown = JSON.parse((await inProcess(['status', store, '--json'])).stdout)
    expect(status).toMatchObject({
      commit: run.commit,
      digest: run.digest,
      root: run.root,
      phases: { plan: true, replay: true, analyse: true, seal: true, publish: true },
      published: [{ log: 'refs/heads/main', position: 60, root: run.root }],
    })
  })
})

it('writes today, byte for byte, the place, the sealed result and the published root', () => {
  const made = filesIn(madeAnew(join(golden, '..', 'make.mjs')))
  // The phases name the process that ran them; what is kept is compressed by the runtime.
  const isSame = (path: string): boolean => !/^store\/(?:phases|kept\/log)\//u.test(path)
  const only = (files: Map<string, string>) => [...files].filter(([path]) => isSame(path))
  expect(only(made)).toEqual(only(filesIn(golden)))
  expect([...made.keys()]).toEqual([...filesIn(golden).keys()])
})
