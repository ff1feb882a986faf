import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { SETTINGS } from './kept/settings.ts'
import { ACTS, type ActName } from './chaos/chaos-view.ts'
import type { Surroundings } from './surroundings.ts'
import { isBucket } from './tidemark/s3.ts'

/** A directory is meant from where the command runs; an address is one from anywhere. */
export function storeIn(directory: string, place: string): string
export function storeIn(directory: string, place: string | undefined): string | undefined
export function storeIn(directory: string, place: string | undefined): string | undefined {
  return place === undefined || isBucket(place) ? place : resolve(directory, place)
}

/** What the options of all commands say. */
export interface Flags {
  readonly store?: string
  readonly every?: number
  readonly json?: boolean
  readonly fresh?: boolean
  readonly detail?: boolean
}

/** The program, without its commands. */
export function newProgram({ out, err }: Surroundings): Command {
  return new Command('strata')
    .description('How old is the code that survives? Reads the history of a git repository.')
    .exitOverride()
    .configureOutput({ writeOut: out.write, writeErr: err.write })
    .addHelpText('after', `\n${EXIT_CODES}`)
}

const EXIT_CODES = `Exit codes:
  0    done
  1    failed; the message says why
  2    the command line is not understood
  3    the repository cannot be read
  4    the store cannot be opened, written or read
  5    a sealed chunk is lost, or is not what was sealed
  6    the history of a branch was rewritten after it was published
  7    the saved report or the settings are not what was saved, or the key does not fit
  130  interrupted (SIGINT), the place is saved
  143  terminated (SIGTERM), the place is saved`

/** A command that has a history read. */
export function withHistory(command: Command, description: string): Command {
  return command
    .description(description)
    .argument('[repository]', 'a directory in it', '.')
    .option(...STORE, parseStore)
    .option('--every <commits>', 'how often the place is saved (default: as set, 500)', parseEvery)
}

/** A command that reads a history. */
export function withReading(command: Command, description: string): Command {
  return withHistory(command, description)
    .option('--json', 'write the result as JSON, and events as JSON lines to standard error')
    .option('--detail', 'with --json: also the layers as they grow, and more of each list')
}

/** A command that looks into a store. */
export function withStore(command: Command, description: string): Command {
  return command
    .description(description)
    .argument('[place]', 'a repository, or a store', '.')
    .option(...STORE, parseStore)
    .option('--json', 'write it as JSON')
}

/** The option that names the store. */
export const STORE = [
  '--store <place>',
  'a directory or s3://bucket/prefix to keep everything in (default: strata in the git directory)',
] as const

/** Another scheme is a slip: a directory of that name is not what anybody meant. */
export function parseStore(text: string): string {
  if (isBucket(text) || !/^[a-z][a-z0-9+.-]*:\/\//iu.test(text)) return text
  throw new InvalidArgumentError('It is a directory, or s3://bucket/prefix.')
}

/** Understands a port; 0 is any that is free. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^[0-9]{1,5}$/u.test(text) && port <= MAX_PORT) return port
  throw new InvalidArgumentError(`It is a whole number up to ${MAX_PORT}.`)
}

const MAX_PORT = 65_535

/** Understands a seed. */
export function parseSeed(text: string): number {
  if (/^[0-9]{1,9}$/u.test(text)) return Number(text)
  throw new InvalidArgumentError('It is a whole number of up to nine digits.')
}

/** Understands the name of an act. */
export function parseAct(text: string): ActName {
  const act = ACTS.find((name) => name === text)
  if (act !== undefined) return act
  throw new InvalidArgumentError(`It is one of ${ACTS.join(', ')}.`)
}

/** Understands a root. */
export function parseRoot(text: string): string {
  if (/^[0-9a-f]{64}$/iu.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It is 64 hex digits, as `strata run` prints them.')
}

function parseEvery(text: string): number {
  const every = SETTINGS.every.parse(text)
  if (every !== undefined) return every
  throw new InvalidArgumentError(`It is ${SETTINGS.every.form}.`)
}
