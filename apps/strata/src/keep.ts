import { isTidemarkError, unwrap } from '@tidemark/core'
import { openToSave, type KeptPlace } from './kept/open.ts'
import { saveReport, type KeptReport } from './kept/report.ts'
import { defaultSettings, loadSettings, type Settings } from './kept/settings.ts'
import type { Repository } from './history/repository.ts'
import type { RunEvent } from './run-event.ts'
import type { Kept } from './tidemark/wrappers.ts'

/** What a run has of what is kept. Throws what it fails with. */
export interface Keeping {
  readonly settings: Settings
  /** Saves the report of a log, where no later run or attacker can change it unseen. */
  readonly save: (log: string, report: KeptReport) => Promise<void>
  readonly close: () => Promise<void>
}

/**
 * Opens what is kept, and reads the settings: a run under settings that somebody else made must not
 * begin. In a git directory that cannot be written nothing is kept; the run says so, and goes on.
 */
export async function openKeeping(
  place: KeptPlace & { readonly repository: Repository },
  onEvent: (event: RunEvent) => void,
): Promise<Keeping> {
  const opened = await openToSave(place)
  if (!opened.ok && isTidemarkError(opened.error, 'LOCAL_UNWRITABLE')) {
    onEvent({ kind: 'not-kept', reason: opened.error.message })
    return NOTHING_KEPT
  }
  const kept = unwrap(opened)
  const settings = await loadSettings(kept)
  if (!settings.ok) await kept.close()
  return {
    settings: unwrap(settings),
    save: (log, report) => save(kept, log, report, onEvent),
    close: () => kept.close(),
  }
}

const NOTHING_KEPT: Keeping = {
  settings: defaultSettings(),
  save: () => Promise.resolve(),
  close: () => Promise.resolve(),
}

async function save(
  kept: Kept,
  log: string,
  report: KeptReport,
  onEvent: (event: RunEvent) => void,
): Promise<void> {
  const saved = await saveReport(kept, log, report)
  if (!saved.ok && isTidemarkError(saved.error, 'LOCAL_UNWRITABLE')) {
    onEvent({ kind: 'not-kept', reason: saved.error.message })
    return
  }
  unwrap(saved)
}
