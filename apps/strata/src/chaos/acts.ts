import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { runProcess } from '../demo/strata-process.ts'
import { acceptRewrite } from '../logs.ts'
import { short } from '../notices.ts'
import { formatCount, formatNoun } from '../report/format.ts'
import { listWithChunksOf } from '../tidemark/mkvs-chunks.ts'
import { verify } from '../verify.ts'
import type { ActName } from './chaos-view.ts'
import { goneOn, refusal, unseen, type Found } from './found.ts'
import { oldReport, tamperSettings } from './kept-acts.ts'
import {
  attemptRun,
  copy,
  EVERY,
  gitIn,
  newestRecord,
  replace,
  runIn,
  sealedFolder,
  type Scene,
  type Told,
} from './scene.ts'

/** Plays each act in a scene of its own. Throws when something goes on that should not. */
export const PLAY: Readonly<Record<ActName, (scene: Scene) => Promise<Found>>> = {
  kill,
  'flip-state': flipState,
  'truncate-record': truncateRecord,
  'delete-record': deleteRecord,
  'swap-chunks': swapChunks,
  'lie-about-chunks': lieAboutChunks,
  'tamper-settings': tamperSettings,
  'old-report': oldReport,
  'force-push': forcePush,
}

const STREAM_STORE = '@tidemark/stream-store'
const MKVS_CHUNKS = '@tidemark/mkvs-chunks'
/** Strata itself compares; what it holds things against was kept by a package. */
const BY_OPERATION = 'strata, by the record of @tidemark/operation'
const BY_LOG = 'strata, by the root that @tidemark/log-persistence kept'

/** A run that is over before the kill arrives is tried again, so many times. */
const MAX_KILLS = 5

async function kill(scene: Scene): Promise<Found> {
  const { repository: path, scratch, environment, random } = scene
  const total = Number(await gitIn(scene, ['rev-list', '--count', '--first-parent', 'HEAD']))
  for (let kills = 0; kills < MAX_KILLS; kills += 1) {
    const store = join(scratch, `killed-${kills}`)
    const killAt = random.between(Math.ceil(total * 0.3), Math.floor(total * 0.7))
    const end = unwrap(await runProcess({ path, store, every: EVERY, environment, killAt }))
    if (end.kind !== 'killed') continue
    const told = await runIn({ ...scene, store })
    const did = `SIGKILL to a run at commit ${formatCount(end.position)} of ${formatCount(total)}`
    return { did, caughtBy: STREAM_STORE, ...goneOn(told) }
  }
  throw unseen('each run was over before it could be killed')
}

async function flipState(scene: Scene): Promise<Found> {
  const { path, name } = await newestRecord(scene, 'place/log/r')
  let at = 0
  await replace(path, (bytes) => {
    at = scene.random.between(Math.floor(bytes.length / 4), bytes.length - 1)
    return bytes.with(at, (bytes[at] ?? 0) ^ 1)
  })
  return skippedIn(await runIn(scene), `one bit of byte ${formatCount(at)} of ${name} flipped`)
}

async function truncateRecord(scene: Scene): Promise<Found> {
  const { path, name } = await newestRecord(scene, 'place/log/r')
  const { length } = await replace(path, (bytes) => {
    return bytes.slice(0, scene.random.between(1, bytes.length - 1))
  })
  return skippedIn(await runIn(scene), `${name} cut to ${formatCount(length)} bytes`)
}

/** Nobody can see a last record that is not there; but another package knows of it. */
async function deleteRecord(scene: Scene): Promise<Found> {
  const { path, name } = await newestRecord(scene, 'place/log/r')
  await rm(path)
  const told = await runIn(scene)
  if (told.phasesDone === 0) throw unseen('the lost record was not missed')
  const { digest, recovered } = goneOn(told)
  const again = `its phases do not fit the place and are done again; ${recovered}`
  return { did: `${name} deleted`, caughtBy: BY_OPERATION, recovered: again, digest }
}

/** The chunks of another result, each one whole. */
async function swapChunks(scene: Scene): Promise<Found> {
  const { store, untouched } = scene
  const other = await olderResult(scene)
  const folder = await sealedFolder(store, untouched.root)
  const from = await sealedFolder(other.store, other.root)
  await rm(join(folder, 'chunks/0'))
  await copy(join(from, 'chunks/0'), join(folder, 'chunks/0'))
  return refuted(scene, 'chunk 0 swapped for the one of an older result')
}

/** A list of chunks that names the chunks of another result, all of them there and whole. */
async function lieAboutChunks(scene: Scene): Promise<Found> {
  const { store, untouched } = scene
  const other = await olderResult(scene)
  const folder = await sealedFolder(store, untouched.root)
  const from = await sealedFolder(other.store, other.root)
  await rm(join(folder, 'chunks'), { recursive: true })
  await copy(join(from, 'chunks'), join(folder, 'chunks'))
  const lies = await readFile(join(from, 'meta'))
  await replace(join(folder, 'meta'), (list) => unwrap(listWithChunksOf(list, lies)))
  const count = (await readdir(join(folder, 'chunks'))).length
  return refuted(scene, `the list of chunks rewritten to name ${count} of an older result`)
}

async function forcePush(scene: Scene): Promise<Found> {
  const { repository, store, environment, scratch } = scene
  const back = scene.random.between(2, 40)
  const tree = ['commit-tree', `HEAD~${back}^{tree}`, '-p', `HEAD~${back + 1}`, '-m', 'Rewrite']
  const rewritten = await gitIn(scene, tree)
  await gitIn(scene, ['update-ref', 'refs/heads/main', rewritten])
  const { error } = refusal(await attemptRun(scene), ['ROLLBACK_DETECTED'])
  unwrap(await acceptRewrite({ place: repository, store, environment }, 'main'))
  const { result } = await runIn(scene)
  const expected = await runIn({ ...scene, store: join(scratch, 'rewritten') })
  return {
    did: `main rewritten ${back} commits back, to ${short(rewritten)}`,
    error,
    caughtBy: BY_LOG,
    recovered: 'the run is refused until `strata log --accept main`; then it reads the new line',
    digest: result.digest,
    expected: expected.result.digest,
  }
}

/** The same history as it was some commits ago, read and sealed. */
async function olderResult(scene: Scene): Promise<{ store: string; root: string }> {
  const repository = join(scene.scratch, 'older.git')
  await copy(scene.repository, repository)
  const older = await gitIn(scene, ['rev-parse', `HEAD~${scene.random.between(5, 50)}`])
  await gitIn({ ...scene, repository }, ['update-ref', 'refs/heads/main', older])
  const store = join(scene.scratch, 'older')
  const { result } = await runIn({ ...scene, repository, store })
  return { store, root: result.sealed?.root ?? '' }
}

/** Verifies what was harmed, seals it again, and verifies that. */
async function refuted(scene: Scene, did: string): Promise<Found> {
  const { store, untouched, environment } = scene
  const question = { place: store, store: undefined, environment }
  const { error } = refusal(await verify(question, untouched.root), REFUTED)
  const { result } = await runIn(scene, 'begin')
  const { chunks } = unwrap(await verify(question, untouched.root))
  const again = `sealed again from the history: ${formatNoun(chunks, 'chunk')} proven, the same root`
  return { did, error, caughtBy: MKVS_CHUNKS, recovered: again, digest: result.digest }
}

function skippedIn(told: Told, did: string): Found {
  const [passed] = told.skipped
  if (passed === undefined) throw unseen('the damage was not seen')
  const error = { code: passed.fault, message: passed.reason }
  return { did, error, caughtBy: STREAM_STORE, ...goneOn(told) }
}

/** What only the restorer of chunks says. */
const REFUTED = ['CHUNK_CORRUPTED', 'CHUNK_PROOF_VERIFICATION_FAILED'] as const
