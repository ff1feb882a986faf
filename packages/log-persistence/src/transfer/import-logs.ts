import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CallOptions,
  type CoreError,
} from '@tidemark/core'
import { sha256 } from '#digest'
import { toHex } from '../bytes.ts'
import { invalidArgument, type ReplaceError } from '../errors.ts'
import { logIdError, MAX_VALUE_BYTES } from '../limits.ts'
import type { LogStatePersistence } from '../log-persistence.ts'
import { fromBase64 } from './base64.ts'
import { TransferDigest } from './transfer-digest.ts'

/** Options of {@link importLogs}. */
export interface ImportOptions extends CallOptions {
  /**
   * Whether an imported checkpoint is newer than, or equal to, the stored one. Without it a log
   * that has a checkpoint is left alone: only you can tell which of two is newer.
   */
  readonly isForward?: (stored: Uint8Array, imported: Uint8Array) => boolean
}

/** What an import did. */
export interface ImportReport {
  readonly imported: readonly string[]
  /** Logs that have a checkpoint which the import did not prove to be older. */
  readonly skipped: readonly string[]
}

/** Why an import stopped. What it had imported by then stays. */
export type ImportError = ReplaceError | CoreError<'DECODE_FAILED'>

/** A line holds a checkpoint in base64, an id in JSON, and little else. */
const MAX_LINE_LENGTH = 2 * MAX_VALUE_BYTES + 8192

/** So many logs are more than any witness has. */
const MAX_LINES = 1_000_000

interface Entry {
  readonly id: string
  readonly bytes: Uint8Array
}

/**
 * Takes over the lines of an export, only ever forwards: a log is written when it is absent, or when
 * `isForward` says so. Everything is checked, the trailer too, before anything is written.
 *
 * `DECODE_FAILED`: this is no whole export. Revisions start anew: they count this store's writes.
 */
export async function importLogs(
  store: LogStatePersistence,
  lines: Iterable<string> | AsyncIterable<string>,
  options: ImportOptions = {},
): AsyncResult<ImportReport, ImportError> {
  const entries = await readExport(lines)
  if (!entries.ok) return entries
  const { signal, isForward } = options
  const call = signal === undefined ? {} : { signal }
  const [imported, skipped] = [[] as string[], [] as string[]]
  for (const { id, bytes } of entries.value) {
    const current = await store.snapshot(id, call)
    if (!current.ok) return current
    const stored = current.value.bytes
    if (stored !== undefined && isForward?.(stored, bytes.slice()) !== true) {
      skipped.push(id)
      continue
    }
    const replaced = await store.replace(id, current.value.revision, bytes, call)
    if (!replaced.ok) return replaced
    imported.push(id)
  }
  return ok({ imported, skipped })
}

async function readExport(
  lines: Iterable<string> | AsyncIterable<string>,
): AsyncResult<Entry[], ImportError> {
  const digest = new TransferDigest()
  const entries: Entry[] = []
  let isWhole = false
  for await (const line of lines) {
    if (line === '') continue
    if (isWhole) return err(malformed('there is something after the trailer'))
    if (line.length > MAX_LINE_LENGTH) return err(malformed('a line is too long'))
    if (entries.length >= MAX_LINES) return err(invalidArgument('lines', 'are too many'))
    const object = parse(line)
    if (object === undefined) return err(malformed('a line is no JSON object'))
    if ('count' in object) {
      const fits = object['count'] === entries.length && object['sha256'] === digest.hex()
      if (!fits) return err(malformed('the trailer does not match the lines'))
      isWhole = true
      continue
    }
    const entry = readEntry(object)
    if (entry === undefined) return err(malformed(`line ${entries.length + 1} is no whole entry`))
    digest.add(line)
    entries.push(entry)
  }
  return isWhole ? ok(entries) : err(malformed('the trailer is missing'))
}

function readEntry(object: Readonly<Record<string, unknown>>): Entry | undefined {
  const { id, revision, checkpoint, sha256: digest } = object
  if (typeof id !== 'string' || logIdError(id) !== undefined) return undefined
  if (typeof revision !== 'number' || !Number.isSafeInteger(revision) || revision < 1) {
    return undefined
  }
  const bytes = typeof checkpoint === 'string' ? fromBase64(checkpoint) : undefined
  if (bytes === undefined || bytes.length === 0 || toHex(sha256(bytes)) !== digest) return undefined
  return { id, bytes }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(reason: string): CoreError<'DECODE_FAILED'> {
  const message = `this is no whole export of log states: ${reason}; nothing was imported`
  return coreError('DECODE_FAILED', message, { what: 'export' })
}
