import { resolve } from 'node:path'
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { EXIT } from './exit-code.ts'
import type { StoreQuestion } from './find-store.ts'
import { lookCommand } from './look-command.ts'
import { acceptRewrite, logsOf } from './logs.ts'
import { logsJson, renderLogs } from './report/render-logs.ts'
import { renderStatus, statusJson } from './report/render-status.ts'
import { runCommand, type CommandOptions } from './run-command.ts'
import { statusOf } from './status.ts'
import type { Surroundings } from './surroundings.ts'
import { explainRefusal, renderVerified, verifiedJson, verify } from './verify.ts'
import { isBucket } from './tidemark/s3.ts'

/** After so many commits the place is saved: some seconds of reading are lost to a kill at most. */
const DEFAULT_EVERY = 500

/** More would mean never. */
const MAX_EVERY = 1_000_000

/** Understands the command line and does what it says; gives the exit code. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = EXIT.done
  const begin = async (
    from: CommandOptions['from'],
    path: string | undefined,
    flags: Flags,
  ): Promise<void> => {
    const { directory } = surroundings
    const store = storeIn(directory, flags.store)
    const { every, json = false } = flags
    const options = { from, path: resolve(directory, path ?? '.'), store, every, json }
    exitCode = await runCommand(options, surroundings)
  }
  const program = newProgram(surroundings)
  withFlags(program.command('run'), 'read the history, from where the last run got to')
    .option('--fresh', 'begin at the first commit, whatever is saved')
    .action((path: string | undefined, flags: Flags) =>
      begin(flags.fresh === true ? 'begin' : 'resume', path, flags),
    )
  withFlags(program.command('update'), 'read what is new since the last run').action(
    (path: string | undefined, flags: Flags) => begin('update', path, flags),
  )
  withStore(program.command('status'), 'show which phases are done, and what is saved').action(
    async (path: string | undefined, { json = false, store }: Flags) => {
      const question = questionOf(surroundings, path, store)
      const look = () => statusOf(question)
      const says = { text: renderStatus, toJson: statusJson }
      exitCode = await lookCommand({ json, look, ...says }, surroundings)
    },
  )
  withStore(program.command('verify'), 'restore a sealed result from its chunks, and check it')
    .requiredOption('--root <hash>', 'the root it must have', parseRoot)
    .action(async (path: string | undefined, flags: Flags & { readonly root: string }) => {
      const { json = false, store, root } = flags
      const question = questionOf(surroundings, path, store)
      const look = () => verify(question, root)
      const says = { text: renderVerified, toJson: verifiedJson, explain: explainRefusal }
      exitCode = await lookCommand({ json, look, ...says }, surroundings)
    })
  withStore(program.command('log'), 'show what is published of each branch')
    .option('--accept <branch>', 'let a branch go on from where it is, although it was rewritten')
    .action(async (path: string | undefined, flags: Flags & { readonly accept?: string }) => {
      const { json = false, store, accept } = flags
      const question = questionOf(surroundings, path, store)
      const look = () => (accept === undefined ? logsOf(question) : acceptRewrite(question, accept))
      const says = { text: renderLogs, toJson: logsJson }
      exitCode = await lookCommand({ json, look, ...says }, surroundings)
    })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (thrown) {
    // Help comes this way too, with an exit code of 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage
    throw thrown
  }
}

/** A directory is meant from where the command runs; an address is one from anywhere. */
function storeIn(directory: string, store: string | undefined): string | undefined {
  return store === undefined || isBucket(store) ? store : resolve(directory, store)
}

/** A command that only looks takes a repository, or a store itself. */
function questionOf(
  { directory, environment }: Surroundings,
  path: string | undefined,
  store: string | undefined,
): StoreQuestion {
  const place = storeIn(directory, path ?? '.') ?? directory
  return { place, store: storeIn(directory, store), environment }
}

interface Flags {
  readonly store?: string
  readonly every: number
  readonly json?: boolean
  readonly fresh?: boolean
}

function newProgram({ out, err }: Surroundings): Command {
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
  130  interrupted (SIGINT), the place is saved
  143  terminated (SIGTERM), the place is saved`

function withFlags(command: Command, description: string): Command {
  return command
    .description(description)
    .argument('[repository]', 'a directory in it', '.')
    .option(...STORE, parseStore)
    .option('--every <commits>', 'how often the place is saved', parseEvery, DEFAULT_EVERY)
    .option('--json', 'write the result as JSON, and events as JSON lines to standard error')
}

function withStore(command: Command, description: string): Command {
  return command
    .description(description)
    .argument('[place]', 'a repository, or a store', '.')
    .option(...STORE, parseStore)
    .option('--json', 'write it as JSON')
}

const STORE = [
  '--store <place>',
  'a directory or s3://bucket/prefix to keep everything in (default: strata in the git directory)',
] as const

/** Another scheme is a slip: a directory of that name is not what anybody meant. */
function parseStore(text: string): string {
  if (isBucket(text) || !/^[a-z][a-z0-9+.-]*:\/\//iu.test(text)) return text
  throw new InvalidArgumentError('It is a directory, or s3://bucket/prefix.')
}

function parseRoot(text: string): string {
  if (/^[0-9a-f]{64}$/iu.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('It is 64 hex digits, as `strata run` prints them.')
}

function parseEvery(text: string): number {
  const every = Number(text)
  if (/^[0-9]+$/u.test(text) && every >= 1 && every <= MAX_EVERY) return every
  throw new InvalidArgumentError(`It is a whole number from 1 to ${MAX_EVERY}.`)
}
