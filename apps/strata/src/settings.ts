import { attempt, ok, thrownError, unwrap, type AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { findStore, ownStore, type StoreQuestion } from './find-store.ts'
import { openRepository } from './history/repository.ts'
import { openToLook, openToSave } from './kept/open.ts'
import {
  changeSetting,
  defaultSettings,
  loadSettings,
  resetSettings,
  settingNamed,
  settingValue,
  type SettingName,
  type Settings,
} from './kept/settings.ts'
import { openStore } from './tidemark/s3.ts'
import type { Kept } from './tidemark/wrappers.ts'

/** What is asked of the settings. */
export interface SettingsQuestion extends StoreQuestion {
  /** One of them; else all. */
  readonly name: string | undefined
  /** What it shall be; else it is only shown. */
  readonly value: string | undefined
  readonly reset: boolean
}

/** The settings, or that one of them that was asked for. */
export type ShownSettings = Partial<Settings>

/**
 * Shows the settings of a store, changes one, or forgets all. Settings that are not what was saved
 * are refused. `SETTING_UNKNOWN` for what cannot be set.
 */
export function settings(question: SettingsQuestion): AsyncResult<ShownSettings, Failure> {
  return attempt(() => answer(question), thrownError<Failure>)
}

async function answer(question: SettingsQuestion): Promise<ShownSettings> {
  const name = question.name === undefined ? undefined : settingNamed(question.name)
  const change = changeIn(question, name)
  const all =
    change === undefined ? await look(question) : unwrap(await withKeptToSave(question, change))
  return name === undefined ? all : { [name]: all[name] }
}

/** What is to be done with what is kept. */
type Change = (kept: Kept) => AsyncResult<Settings, Failure>

/** What is to be changed, if anything is: understood before anything is opened. */
function changeIn(
  { value: text, reset }: SettingsQuestion,
  name: SettingName | undefined,
): Change | undefined {
  const value = name === undefined || text === undefined ? undefined : settingValue(name, text)
  if (name === undefined || value === undefined) return reset ? resetSettings : undefined
  return async (kept) => {
    const forgotten = reset ? await resetSettings(kept) : ok()
    return forgotten.ok ? changeSetting(kept, name, value) : forgotten
  }
}

async function look(question: SettingsQuestion): Promise<Settings> {
  const found = await findStore(question)
  if (!found.ok && found.error.code === 'CHECKPOINT_NOT_FOUND') return defaultSettings()
  const { store, location, repository } = unwrap(found)
  const { environment } = question
  const opened = await openToLook({ store, location, repository, environment })
  const all = opened.ok && opened.value !== undefined ? await loadSettings(opened.value) : undefined
  if (opened.ok) await opened.value?.close()
  await store.close()
  unwrap(opened)
  return all === undefined ? defaultSettings() : unwrap(all)
}

/** The store is made if need be: settings may come before the first run. */
async function withKeptToSave(
  { place, environment, ...question }: SettingsQuestion,
  change: Change,
): AsyncResult<Settings, Failure> {
  const repository = unwrap(await openRepository(place, environment))
  const location = question.store ?? ownStore(repository)
  const store = unwrap(await openStore(location, environment))
  const kept = await openToSave({ store, location, repository, environment })
  const changed = kept.ok ? await change(kept.value) : kept
  if (kept.ok) await kept.value.close()
  await store.close()
  return changed
}
