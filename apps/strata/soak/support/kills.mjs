// A real `strata run`, killed with SIGKILL at random instants of all its phases and started again.
// What it comes to in the end is what an untouched run comes to: digest, sealed root, published
// root; what was saved is never read again, and a kill costs no more than was not yet saved.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { soak } from '@tidemark/bench-kit/soak'
import { historyIn } from '../../bench/history.mjs'
import { strata } from '../../bench/process.mjs'
import { randomFrom } from '../../dist/demo/random.js'
import { killedRun } from './killed-run.mjs'

const COMMITS = 5000
const EVERY = 100
/** Ten histories, each read with five kills on the way, make fifty. */
const HISTORIES = 10
const KILLS_EACH = 5
/** Most blows fall after a run has found where to go on: to find it takes long on a busy machine. */
const WHILE_STARTING = 0.15
/** Of what comes then: the phases after reading. */
const AFTER_READING = 0.3
/** No run takes as long. */
const NEVER_MS = 1_000_000

/** `placeOf` gives an address that nobody else uses, and the surroundings to open it in. */
export async function soakKills(name, placeOf) {
  const dir = mkdtempSync(join(tmpdir(), 'strata-kills-'))
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
  const repository = await historyIn(dir, COMMITS)
  const untouched = await finish(repository, { store: join(dir, 'untouched') })
  const usual = await usualTimes(repository, placeOf(dir), untouched)
  const tally = { kills: 0, read: 0, again: 0, during: new Map() }
  const once = async (number, seed) => {
    const random = randomFrom(seed)
    let history = newHistory(repository, placeOf(dir), usual)
    for (let kills = 0; kills < KILLS_EACH;) {
      const during = await history.kill(random)
      if (during !== undefined) {
        kills += 1
        tally.during.set(during, (tally.during.get(during) ?? 0) + 1)
      }
      if (during !== undefined && kills < KILLS_EACH) continue
      // It was over before the blow fell, or it is the last time: what it came to is looked at.
      const { read, again } = await history.end(untouched)
      tally.read += read
      tally.again += again
      tally.kills += history.kills.length
      const told = history.kills.length === 0 ? 'not killed in time' : history.kills.join(', ')
      process.stdout.write(`  ${number + 1}: ${told}; ${again} read again\n`)
      if (kills < KILLS_EACH) history = newHistory(repository, placeOf(dir), usual)
    }
  }
  await soak(name, HISTORIES, once, () => {
    const during = [...tally.during].map(([what, kills]) => `${what} ${kills}`).join(', ')
    return `; ${tally.kills} kills (${during}), ${tally.again} of ${tally.read} commits read again`
  })
}

/** One history on one store: killed again and again, and read to its end at last. */
function newHistory(repository, place, usual) {
  const args = runArgs(repository, place)
  const kills = []
  const known = { saved: 0, seen: 0, read: 0 }
  /** What a start finds is what was saved, and all of it. */
  const hearStart = (position) => {
    expect(position >= known.saved, `went on from ${position}, saved was ${known.saved}`)
    expect(known.seen - position <= EVERY, `${known.seen} was read, it went on from ${position}`)
    known.read += known.seen - known.from || 0
  }
  return {
    kills,
    kill: async (random) => {
      const left = AFTER_READING + (1 - AFTER_READING) * (1 - known.saved / COMMITS)
      const blow = random.chance(WHILE_STARTING)
        ? { count: 'at once', afterMs: random.fraction() * usual.startMs }
        : { count: 'when started', afterMs: random.fraction() * (usual.ms - usual.startMs) * left }
      const run = await killedRun(args, place.environment, blow)
      if (run.from !== undefined) hearStart(run.from)
      if (run.from !== undefined) Object.assign(known, { from: run.from, seen: run.seen })
      known.saved = Math.max(known.saved, run.saved)
      if (!run.isKilled) return undefined
      kills.push(`${run.during} at ${run.seen}`)
      return run.during
    },
    end: async (untouched) => {
      const ended = await finish(repository, place)
      expectSame(ended, untouched)
      hearStart(ended.resumedFrom)
      const read = known.read + ended.commitsRead
      expect(
        read <= COMMITS + kills.length * EVERY,
        `${read} commits read with ${kills.length} kills`,
      )
      return { read, again: read - COMMITS }
    },
  }
}

/** How long a run takes that nobody kills, and how long until it has found where to go on. */
async function usualTimes(repository, place, untouched) {
  const never = { count: 'at once', afterMs: NEVER_MS }
  const times = await killedRun(runArgs(repository, place), place.environment, never)
  expectSame(await finish(repository, place), untouched)
  return times
}

function runArgs(repository, { store }) {
  return ['run', repository, '--store', store, '--every', `${EVERY}`]
}

/** Runs to the end, and looks at all that it left. */
async function finish(repository, place) {
  const { store, environment } = place
  const at = [repository, '--store', store]
  const { result } = await strata(runArgs(repository, place), environment)
  const { digest, root, resumedFrom, commitsRead } = result
  const logs = await strata(['log', ...at], environment)
  await strata(['verify', ...at, '--root', root], environment)
  const [{ log, position, commit, root: published }] = logs.result.logs
  const said = `${log} ${position} ${commit} ${published}`
  return { digest, root, published: said, resumedFrom, commitsRead }
}

function expectSame(ended, untouched) {
  for (const what of ['digest', 'root', 'published']) {
    expect(ended[what] === untouched[what], `another ${what} than untouched: ${ended[what]}`)
  }
  expect(ended.published.endsWith(ended.root), 'what is published is not what was sealed')
}

function expect(isSo, otherwise) {
  if (!isSo) throw new Error(otherwise)
}
