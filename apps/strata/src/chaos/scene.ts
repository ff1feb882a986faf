import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { unwrap, type Result } from '@tidemark/core'
import type { Failure } from '../errors.ts'
import type { Random } from '../demo/random.ts'
import { askGit } from '../history/git.ts'
import type { CheckpointSkipped, Started } from '../run-event.ts'
import { run, type RunOptions, type RunResult } from '../run.ts'

/** What an act plays on: a made-up repository and a finished store, both its own. */
export interface Scene {
  /** An empty directory. */
  readonly scratch: string
  readonly repository: string
  /** A store in which the history is read to its end. */
  readonly store: string
  /** What a run comes to that nobody touches. */
  readonly untouched: { readonly digest: string; readonly root: string }
  readonly random: Random
  readonly environment: RunOptions['environment']
  readonly signal: AbortSignal
  readonly date: () => Date
}

/** The place is saved after so many commits. */
export const EVERY = 50

/** How a run in a scene went. */
export interface Told {
  readonly result: RunResult
  readonly started: Started | undefined
  readonly skipped: readonly CheckpointSkipped[]
  /** The phases that were done again. */
  readonly phasesDone: number
}

/** Runs the pipeline. Throws what it fails with. */
export async function runIn(
  scene: Omit<Scene, 'untouched' | 'random'>,
  from: RunOptions['from'] = 'resume',
): Promise<Told> {
  const { repository: path, store, environment, signal, date } = scene
  const skipped: CheckpointSkipped[] = []
  let started: Started | undefined
  let phasesDone = 0
  const onEvent: RunOptions['onEvent'] = (event) => {
    if (event.kind === 'started') started = event
    if (event.kind === 'checkpoint-skipped') skipped.push(event)
    if (event.kind === 'phase' && event.outcome === 'done') phasesDone += 1
  }
  const options = { path, store, every: EVERY, from, environment, signal, date, onEvent }
  return { result: unwrap(await run(options)), started, skipped, phasesDone }
}

/** Runs the pipeline, and gives what it fails with. */
export function attemptRun(scene: Scene): Promise<Result<unknown, Failure>> {
  const { repository: path, store, environment, signal, date } = scene
  const onEvent = (): void => undefined
  const options = { path, store, environment, signal, date, onEvent }
  return run({ ...options, every: EVERY, from: 'resume' })
}

/** Asks git about the repository of a scene. */
export async function gitIn(
  { repository: directory, environment }: Pick<Scene, 'repository' | 'environment'>,
  args: readonly string[],
): Promise<string> {
  return unwrap(await askGit({ directory, environment }, args))
}

/** The newest record of a log: the one with the highest number after its prefix. */
export async function newestRecord(
  { store }: Scene,
  prefix: string,
): Promise<{ path: string; name: string }> {
  const [folder, beginning] = [posix.dirname(prefix), posix.basename(prefix)]
  const names = await readdir(join(store, folder))
  const numbers = names
    .filter((name) => name.startsWith(beginning))
    .map((name) => Number(name.slice(beginning.length)))
    .filter((number) => Number.isSafeInteger(number))
  const name = `${prefix}${Math.max(...numbers)}`
  return { path: join(store, name), name }
}

/** The folder of a sealed result. */
export async function sealedFolder(store: string, root: string): Promise<string> {
  const sealed = join(store, 'sealed')
  for (const version of await readdir(sealed)) {
    if ((await readdir(join(sealed, version))).includes(root)) return join(sealed, version, root)
  }
  return join(sealed, root)
}

/** Puts other bytes in the place of a file, as bad luck would do it: not through the store. */
export async function replace(
  path: string,
  change: (bytes: Uint8Array) => Uint8Array,
): Promise<Uint8Array> {
  const bytes = change(new Uint8Array(await readFile(path)))
  await rm(path)
  await writeFile(path, bytes)
  return bytes
}

/** Copies a folder. */
export function copy(from: string, to: string): Promise<void> {
  return cp(from, to, { recursive: true })
}
