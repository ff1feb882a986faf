import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Recorded } from '../../src/testing/index.ts'

/** A store as another process can open it. */
export interface Place {
  readonly kind: 'files' | 'libsql' | 'node:sqlite' | 'postgres' | 'mariadb'
  readonly path?: string
  readonly port?: number
  readonly user?: string
  readonly database?: string
}

/** What came of a race. */
export interface Race {
  readonly created: number
  readonly instances: Set<string>
  /** How many writers won each log's first write. */
  readonly winners: Map<number, number>
  readonly history: Recorded[]
}

/** One line that a racer prints. */
interface Line {
  readonly ready?: true
  readonly created?: number
  readonly id?: string
  readonly first?: number
  readonly won?: boolean
  readonly commit?: Recorded
}

/** How many processes, writers in each, first writes and updates of each writer. */
export interface RaceSize {
  readonly processes: number
  readonly writers: number
  readonly firsts: number
  readonly updates: number
}

/** Starts a program of this folder. */
export function startProcess(program: string, argument: object, node?: string): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const args = [path, JSON.stringify(argument)]
  const stdio = ['pipe', 'pipe', 'inherit'] satisfies ('pipe' | 'inherit')[]
  return spawn(node ?? process.execPath, args, { stdio })
}

/** Lets processes race for one store, all at the same moment. */
export async function runRacers(place: Place, size: RaceSize, node?: string): Promise<Race> {
  const race: Race = { created: 0, instances: new Set(), winners: new Map(), history: [] }
  const { processes, ...rest } = size
  const racers = Array.from({ length: processes }, (_, racer) =>
    startProcess('racer.mjs', { place, racer, ...rest }, node),
  )
  let [ready, created] = [0, 0]
  const work = racers.map(async (child) => {
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
    if (child.stdout === null) throw new Error('a racer without output')
    for await (const text of createInterface({ input: child.stdout })) {
      const line = read(text)
      if (line.ready === true) ready += 1
      if (ready === processes) for (const { stdin } of racers) stdin?.end('go\n')
      if (line.created !== undefined) created += line.created
      if (line.id !== undefined) race.instances.add(line.id)
      if (line.first !== undefined) {
        race.winners.set(line.first, (race.winners.get(line.first) ?? 0) + Number(line.won))
      }
      if (line.commit !== undefined) race.history.push(line.commit)
    }
    if ((await exited) !== 0) throw new Error('a racer failed')
  })
  await Promise.all(work)
  return { ...race, created }
}

function read(text: string): Line {
  const line: unknown = JSON.parse(text)
  if (!isLine(line)) throw new Error(`a racer said ${text}`)
  return line
}

function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null
}
