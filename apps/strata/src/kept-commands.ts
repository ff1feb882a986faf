import type { Command } from 'commander'
import { parseStore, STORE, withStore, type Flags } from './command-line.ts'
import type { StoreQuestion } from './find-store.ts'
import type { Look } from './look-command.ts'
import { renderSavedReport, savedReportJson } from './report/render-saved-report.ts'
import { renderSettings, settingsJson } from './report/render-settings.ts'
import { savedReport } from './saved-report.ts'
import { settings, type SettingsQuestion } from './settings.ts'

/** What the options of `settings` say. */
interface SettingsFlags extends Flags {
  readonly repository: string
  readonly reset?: boolean
}

/** Looks into the store of a place, and tells what it saw. */
type Looker = <T>(
  path: string | undefined,
  flags: Flags,
  lookAt: (question: StoreQuestion) => Omit<Look<T>, 'json'>,
) => Promise<void>

/** The commands about what is kept: the saved reports, and the settings. */
export function addKeptCommands(program: Command, look: Looker): void {
  withStore(program.command('report'), 'show the saved report of a branch, reading no history')
    .option('--branch <branch>', 'of this branch (default: the one that is checked out)')
    .action((path: string | undefined, flags: Flags & { readonly branch?: string }) =>
      look(path, flags, (question) => {
        const ask = () => savedReport(question, flags.branch)
        return { look: ask, text: renderSavedReport, toJson: savedReportJson }
      }),
    )
  withSettings(program.command('settings')).action(
    (name: string | undefined, value: string | undefined, flags: SettingsFlags) =>
      look(flags.repository, flags, (question) => {
        const asked: SettingsQuestion = { ...question, name, value, reset: flags.reset === true }
        return { look: () => settings(asked), text: renderSettings, toJson: settingsJson }
      }),
  )
}

/** Its arguments are no places, as those of all other commands are. */
function withSettings(command: Command): Command {
  return command
    .description('show what is set, or set it: every, limit')
    .argument('[name]', 'one of them')
    .argument('[value]', 'what it shall be')
    .option('--repository <directory>', 'a directory in it', '.')
    .option('--reset', 'forget what is set, also if it cannot be read')
    .option(...STORE, parseStore)
    .option('--json', 'write it as JSON')
}
