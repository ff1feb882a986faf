import { resolve } from 'node:path'
import { CommanderError } from 'commander'
import {
  newProgram,
  parseRoot,
  storeIn,
  withReading,
  withStore,
  type Flags,
} from './command-line.ts'
import { EXIT } from './exit-code.ts'
import { addKeptCommands } from './kept-commands.ts'
import type { StoreQuestion } from './find-store.ts'
import { lookCommand, type Look } from './look-command.ts'
import { acceptRewrite, logsOf } from './logs.ts'
import { logsJson, renderLogs } from './report/render-logs.ts'
import { renderStatus, statusJson } from './report/render-status.ts'
import { runCommand, type CommandOptions } from './run-command.ts'
import { statusOf } from './status.ts'
import type { Surroundings } from './surroundings.ts'
import { explainRefusal, renderVerified, verifiedJson, verify } from './verify.ts'

/** Understands the command line and does what it says; gives the exit code. */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { directory, environment } = surroundings
  let exitCode: number = EXIT.done
  const read = async (from: CommandOptions['from'], path = '.', flags: Flags): Promise<void> => {
    const { every, json = false } = flags
    const store = storeIn(directory, flags.store)
    const options = { from, path: resolve(directory, path), store, every, json }
    exitCode = await runCommand(options, surroundings)
  }
  const look = async <T>(
    path = '.',
    { store, json = false }: Flags,
    lookAt: (question: StoreQuestion) => Omit<Look<T>, 'json'>,
  ): Promise<void> => {
    const place = storeIn(directory, path)
    const question = { place, store: storeIn(directory, store), environment }
    exitCode = await lookCommand({ json, ...lookAt(question) }, surroundings)
  }

  const program = newProgram(surroundings)
  withReading(program.command('run'), 'read the history, from where the last run got to')
    .option('--fresh', 'begin at the first commit, whatever is saved')
    .action((path: string | undefined, flags: Flags) =>
      read(flags.fresh === true ? 'begin' : 'resume', path, flags),
    )
  withReading(program.command('update'), 'read what is new since the last run').action(
    (path: string | undefined, flags: Flags) => read('update', path, flags),
  )
  withStore(program.command('status'), 'show which phases are done, and what is saved').action(
    (path: string | undefined, flags: Flags) =>
      look(path, flags, (question) => {
        return { look: () => statusOf(question), text: renderStatus, toJson: statusJson }
      }),
  )
  withStore(program.command('verify'), 'restore a sealed result from its chunks, and check it')
    .requiredOption('--root <hash>', 'the root it must have', parseRoot)
    .action((path: string | undefined, flags: Flags & { readonly root: string }) =>
      look(path, flags, (question) => {
        const says = { text: renderVerified, toJson: verifiedJson, explain: explainRefusal }
        return { look: () => verify(question, flags.root), ...says }
      }),
    )
  withStore(program.command('log'), 'show what is published of each branch')
    .option('--accept <branch>', 'let a branch go on from where it is, although it was rewritten')
    .action((path: string | undefined, flags: Flags & { readonly accept?: string }) =>
      look(path, flags, (question) => {
        const { accept } = flags
        const ask = () =>
          accept === undefined ? logsOf(question) : acceptRewrite(question, accept)
        return { look: ask, text: renderLogs, toJson: logsJson }
      }),
    )
  addKeptCommands(program, look)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exitCode
  } catch (thrown) {
    // Help comes this way too, with an exit code of 0.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.done : EXIT.usage
    throw thrown
  }
}
