// Processes that save in a loop and are killed with SIGKILL at random instants, one after the other
// on one directory. Shared by the test and the long runs, so it is on the built package.
import { Buffer as NodeBuffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { concat, unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
import { openLaminarStore, openStreamStore } from '../../dist/file/index.js'
import { stateOf } from './kill-state.mjs'

const CHILD = fileURLToPath(new URL('../kill-child.mjs', import.meta.url))

/** A child is killed after so many lines at most, and a moment later. */
const MAX_LINES = 14
const MAX_DELAY_MS = 10

/** Runs a saving process and kills it; resolves what it said. */
async function saveUntilKilled(args, random) {
  const child = spawn(process.execPath, [CHILD, ...args.map(String)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (said += text))
  const ended = once(child, 'close')
  const enough = 2 + random() * MAX_LINES
  while (said.split('\n').length < enough && child.exitCode === null) {
    await Promise.race([once(child.stdout, 'data'), ended])
  }
  await sleep(random() * MAX_DELAY_MS)
  if (child.exitCode !== null) throw new Error(`the child ended by itself: ${said}`)
  child.kill('SIGKILL')
  await ended
  // A line without its end was being said: its save was done all the same, but who knows.
  return said.split('\n').slice(1, -1)
}

const highest = (lines, what) =>
  lines
    .filter((line) => line.startsWith(what))
    .map((line) => BigInt(line.split(' ')[1]))
    .reduce((a, b) => (a > b ? a : b), 0n)

/** The whole state of a checkpoint, whichever way it was saved. */
async function wholeState(store, id) {
  const state = 'openState' in store ? unwrap(await store.openState(id)) : undefined
  const pieces = []
  for (const slot of state?.slots() ?? []) pieces.push(unwrap(await state.bytes(slot)))
  await state?.close()
  return pieces.length > 0 ? concat(pieces) : unwrap(await store.loadStateData(id))
}

function blobsIn(dir) {
  const names = existsSync(join(dir, 'blob')) ? readdirSync(join(dir, 'blob')) : []
  // Half a put is not told from one in progress before it is an hour old.
  return names.filter((name) => !name.startsWith('.tmp-')).map((name) => `blob/${name}`)
}

/** What is wrong with the directory that a killed process left; nothing, if all is well. */
async function wrongs(dir, layout, saved, begun) {
  const store = unwrap(
    layout === 'native'
      ? await openStreamStore({ dir, keep: 2, graceMs: 0, orphanMinAgeMs: 0 })
      : await openLaminarStore({ dir, maxRetained: 2, orphanMinAgeMs: 0 }),
  )
  const wrong = []
  try {
    const report = unwrap(await store.recoverLatestValidated())
    const chosen = report.chosenId ?? 0n
    // Of the save that was interrupted, the original's layout may show the state alone.
    for (const { checkpointId = 0n, fault, reason } of report.skipped) {
      if (checkpointId <= saved || fault !== 'missing') wrong.push(`${checkpointId}: ${reason}`)
    }
    if (chosen < saved || chosen > begun) wrong.push(`${chosen} is not in ${saved}..${begun}`)
    for (const id of unwrap(await store.list()).map(({ checkpointId }) => checkpointId)) {
      const { watermark } = unwrap(await store.loadById(id))
      const state = await wholeState(store, id)
      if (watermark !== id) wrong.push(`${id} holds the manifest of ${watermark}`)
      if (NodeBuffer.compare(state, stateOf(id)) !== 0) wrong.push(`${id} has another state`)
    }
    unwrap(await store.cleanupOrphans())
    if ('collect' in store) {
      unwrap(await store.collect())
      const live = unwrap(await store.inspect()).newest.flatMap(({ blobs }) => blobs)
      const left = blobsIn(dir).filter((key) => !live.includes(key))
      if (left.length > 0) wrong.push(`garbage is left: ${left.join()}`)
    }
  } finally {
    await store.close()
  }
  return wrong
}

/** Kills so many processes in turn. Resolves the violations, and how much was acknowledged. */
export async function killInTurn(layout, kills, seed) {
  const dir = mkdtempSync(join(tmpdir(), 'stream-kills-'))
  const random = seededRandom(seed)
  const violations = []
  let [saved, begun, acknowledged] = [0n, 0n, 0]
  try {
    for (let kill = 0; kill < kills && violations.length === 0; kill++) {
      const lines = await saveUntilKilled([dir, layout, begun + 1n, seed * 1_000 + kill], random)
      acknowledged += lines.filter((line) => line.startsWith('ack')).length
      saved = saved > highest(lines, 'ack') ? saved : highest(lines, 'ack')
      begun = begun > highest(lines, 'begin') ? begun : highest(lines, 'begin')
      for (const wrong of await wrongs(dir, layout, saved, begun)) {
        violations.push(`kill ${kill} (seed ${seed}): ${wrong}`)
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
  return { violations, acknowledged }
}
