import { resolve } from 'node:path'
import { CommanderError, type Command } from 'commander'
import {
  newProgram,
  parseAct,
  parsePort,
  parseRoot,
  parseSeed,
  storeIn,
  withHistory,
  withReading,
  withStore,
  type Flags,
} from './command-line.ts'
import { chaosCommand } from './chaos/chaos-command.ts'
import type { ActName } from './chaos/chaos-view.ts'
import { EXIT } from './exit-code.ts'
import { addKeptCommands } from './kept-commands.ts'
import type { StoreQuestion } from './find-store.ts'
import { lookCommand, type Look } from './look-command.ts'
import { acceptRewrite, logsOf } from './logs.ts'
import { logsJson, renderLogs } from './report/render-logs.ts'
import { renderStatus, statusJson } from './report/render-status.ts'
import { runCommand, type CommandOptions } from './run-command.ts'
import { serveCommand } from './serve/serve-command.ts'
import { statusOf } from './status.ts'
import type { Surroundings } from './surroundings.ts'
import { explainRefusal, renderVerified, verifiedJson, verify } from './verify.ts'

/** Understands the command line and does what it says; gives the exit code. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = newProgram(surroundings)
  let exitCode: number = EXIT.done
  const ends = async (work: Promise<number>): Promise<void> => {
    exitCode = await work
  }
  addReading(program, surroundings, ends)
  addLooking(program, surroundings, ends)
  addPage(program, surroundings, ends)
  addChaos(program, surroundings, ends)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (thrown) {
    // Help comes this way too, with an exit code of 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage
    throw thrown
  }
}

/** Takes the exit code that a command will end with. */
type Ends = (work: Promise<number>) => Promise<void>

type Path = string | undefined

function addReading(program: Command, surroundings: Surroundings, ends: Ends): void {
  const { directory } = surroundings
  const read = (from: CommandOptions['from'], path = '.', flags: Flags): Promise<void> => {
    const { every, json = false, detail = false } = flags
    const store = storeIn(directory, flags.store)
    const options = { from, path: resolve(directory, path), store, every, json, detail }
    return ends(runCommand(options, surroundings))
  }
  withReading(program.command('run'), 'read the history, from where the last run got to')
    .option('--fresh', 'begin at the first commit, whatever is saved')
    .action((path: Path, flags: Flags) =>
      read(flags.fresh === true ? 'begin' : 'resume', path, flags),
    )
  withReading(program.command('update'), 'read what is new since the last run').action(
    (path: Path, flags: Flags) => read('update', path, flags),
  )
}

function addLooking(program: Command, surroundings: Surroundings, ends: Ends): void {
  const { directory, environment } = surroundings
  const look = <T>(
    path = '.',
    { store, json = false }: Flags,
    lookAt: (question: StoreQuestion) => Omit<Look<T>, 'json'>,
  ): Promise<void> => {
    const place = storeIn(directory, path)
    const question = { place, store: storeIn(directory, store), environment }
    return ends(lookCommand({ json, ...lookAt(question) }, surroundings))
  }
  withStore(program.command('status'), 'show which phases are done, and what is saved').action(
    (path: Path, flags: Flags) =>
      look(path, flags, (question) => {
        return { look: () => statusOf(question), text: renderStatus, toJson: statusJson }
      }),
  )
  withStore(program.command('verify'), 'restore a sealed result from its chunks, and check it')
    .requiredOption('--root <hash>', 'the root it must have', parseRoot)
    .action((path: Path, flags: Flags & { readonly root: string }) =>
      look(path, flags, (question) => {
        const says = { text: renderVerified, toJson: verifiedJson, explain: explainRefusal }
        return { look: () => verify(question, flags.root), ...says }
      }),
    )
  withStore(program.command('log'), 'show what is published of each branch')
    .option('--accept <branch>', 'let a branch go on from where it is, although it was rewritten')
    .action((path: Path, flags: Flags & { readonly accept?: string }) =>
      look(path, flags, (question) => {
        const { accept } = flags
        const ask = () =>
          accept === undefined ? logsOf(question) : acceptRewrite(question, accept)
        return { look: ask, text: renderLogs, toJson: logsJson }
      }),
    )
  addKeptCommands(program, look)
}

function addPage(program: Command, surroundings: Surroundings, ends: Ends): void {
  const { directory } = surroundings
  withHistory(
    program.command('serve'),
    'show it all on a web page, which only this machine can open',
  )
    .option('--port <number>', 'where the page is (default: any port that is free)', parsePort, 0)
    .option('--json', 'write the address and the token as JSON')
    .action((path: Path, flags: Flags & { readonly port: number }) => {
      const { every, port, json = false } = flags
      const store = storeIn(directory, flags.store)
      const options = { path: resolve(directory, path ?? '.'), store, every, port, json }
      return ends(serveCommand(options, surroundings))
    })
}

function addChaos(program: Command, surroundings: Surroundings, ends: Ends): void {
  interface ChaosFlags extends Pick<Flags, 'json'> {
    readonly seed: number
    readonly act?: ActName
  }
  program
    .command('chaos')
    .description('break things on a made-up repository, and show what catches it')
    .option('--seed <number>', 'decides where each blow falls', parseSeed, 1)
    .option('--act <name>', 'only this one', parseAct)
    .option('--json', 'write the result as JSON, and events as JSON lines to standard error')
    .action(({ seed, act, json = false }: ChaosFlags) =>
      ends(chaosCommand({ seed, act, json }, surroundings)),
    )
}
