import { ok, quote, type AsyncResult } from '@tidemark/core'
import * as z from 'zod/mini'
import { strataError, type Failure, type StrataError } from '../errors.ts'
import type { Kept } from '../tidemark/wrappers.ts'

/** What can be set once for all runs on a store. */
export interface Settings {
  /** The place is saved after so many commits. */
  readonly every: number
  /** So many rows of the hotspots and of the pairs of files are told. */
  readonly limit: number
}

/** The name of a setting. */
export type SettingName = keyof Settings

/** What a setting is. */
export interface Setting {
  readonly fallback: number
  /** In words: what it can be. */
  readonly form: string
  /** Understands a value as it is written; `undefined` for anything else. */
  readonly parse: (text: string) => number | undefined
}

/** After so many commits some seconds of reading are lost to a kill at most; more means never. */
const [DEFAULT_EVERY, MAX_EVERY] = [500, 1_000_000]

/** A table of more rows is nothing that anybody reads. */
const [DEFAULT_LIMIT, MAX_LIMIT] = [10, 100]

/** All settings, by name. */
export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  every: wholeNumber(DEFAULT_EVERY, MAX_EVERY),
  limit: wholeNumber(DEFAULT_LIMIT, MAX_LIMIT),
}

const KEPT: z.ZodMiniType<Partial<Settings>> = z.object({
  every: z.exactOptional(upTo(MAX_EVERY)),
  limit: z.exactOptional(upTo(MAX_LIMIT)),
})

/** What the settings are kept as, and how to do without them. */
const NAME = 'settings'
const REMEDY = 'To give it up: `strata settings --reset` begins with the defaults'

/** What is set; a setting that is not has its default. */
export async function loadSettings(kept: Kept): AsyncResult<Settings, Failure> {
  const found = await kept.load(NAME, KEPT, REMEDY)
  return found.ok ? ok({ ...defaultSettings(), ...found.value?.value }) : found
}

/** Sets one of the settings, beside those that are set; gives all. */
export async function changeSetting(
  kept: Kept,
  name: SettingName,
  value: number,
): AsyncResult<Settings, Failure> {
  const found = await kept.load(NAME, KEPT, REMEDY)
  if (!found.ok) return found
  const saved = await kept.save(NAME, { ...found.value?.value, [name]: value }, REMEDY)
  return saved.ok ? loadSettings(kept) : saved
}

/** Forgets what is set, also when it cannot be read. */
export async function resetSettings(kept: Kept): AsyncResult<Settings, Failure> {
  const saved = await kept.save(NAME, {}, REMEDY)
  return saved.ok ? loadSettings(kept) : saved
}

/** What holds where nothing is set. */
export function defaultSettings(): Settings {
  return { every: SETTINGS.every.fallback, limit: SETTINGS.limit.fallback }
}

/** Understands the name of a setting. Throws `SETTING_UNKNOWN`. */
export function settingNamed(name: string): SettingName {
  if (name === 'every' || name === 'limit') return name
  const known = Object.keys(SETTINGS).join(', ')
  throw strataError('SETTING_UNKNOWN', `there is no setting ${quote(name)}; there are ${known}`, {
    name,
  })
}

/** Understands the value of a setting. Throws `SETTING_UNKNOWN`. */
export function settingValue(name: SettingName, text: string): number {
  const value = SETTINGS[name].parse(text)
  if (value !== undefined) return value
  throw notAValue(name, text)
}

function notAValue(name: SettingName, value: string): StrataError<'SETTING_UNKNOWN'> {
  const message = `${name} is ${SETTINGS[name].form}, not ${quote(value)}`
  return strataError('SETTING_UNKNOWN', message, { name, value })
}

function wholeNumber(fallback: number, maximum: number): Setting {
  return {
    fallback,
    form: `a whole number from 1 to ${maximum}`,
    parse: (text) => {
      const value = Number(text)
      return /^[0-9]+$/u.test(text) && value >= 1 && value <= maximum ? value : undefined
    },
  }
}

function upTo(maximum: number): z.ZodMiniNumber {
  return z.int().check(z.gte(1), z.lte(maximum))
}
