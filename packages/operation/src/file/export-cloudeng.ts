import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  attempt,
  coreError,
  err,
  ok,
  quote,
  thrownError,
  type AsyncResult,
  type CoreError,
  type Result,
} from '@tidemark/core'
import type { LoadError, OperationReader, ReadFailure } from '../operation.ts'
import { cloudengName } from './cloudeng-name.ts'

/** What was written. */
export interface ExportReport {
  /** The names of the files, in order. */
  readonly files: readonly string[]
}

/** Why an export stopped. */
export type ExportError =
  | ReadFailure
  | LoadError
  | CoreError<'OPEN_FAILED' | 'INVALID_ARGUMENT' | 'LIMIT_EXCEEDED' | 'IO_FAILED'>

/** The Go package counts on with eight digits only. */
const MAX_CHECKPOINTS = 100_000_000

/** What file systems take as a name. */
const MAX_FILE_NAME_BYTES = 255

/**
 * Writes the checkpoints of an operation as files that the Go package `cloudeng.io/file/checkpoint`
 * reads: numbered from 0 in their order, with their labels, as the bytes that are stored.
 *
 * `OPEN_FAILED`: the directory has checkpoint files already. `INVALID_ARGUMENT`: a label cannot be
 * part of a file name; nothing was written.
 */
export async function exportCloudeng(
  operation: OperationReader<unknown>,
  dir: string,
): AsyncResult<ExportReport, ExportError> {
  const ready = attempt(() => prepare(dir), thrownIo('open', dir))
  if (!ready.ok) return ready
  if (!ready.value) {
    const details = { what: 'directory', reason: 'it has checkpoint files already' }
    return err(coreError('OPEN_FAILED', `${quote(dir)}: ${details.reason}`, details))
  }
  const refused = await attempt(() => refusal(operation), thrownError<ReadFailure>)
  if (!refused.ok) return refused
  if (refused.value !== undefined) return err(refused.value)
  const files: string[] = []
  const walk = async (): Promise<Result<void, ExportError>> => {
    for await (const { id, position, label } of operation.history()) {
      const stored = await operation.loadBytes(id)
      if (!stored.ok) return stored
      const name = cloudengName({ number: position, label })
      const written = attempt(() => write(dir, name, stored.value.payload), thrownIo('put', name))
      if (!written.ok) return written
      files.push(name)
    }
    return attempt(() => syncDirectory(dir), thrownIo('sync', dir))
  }
  const walked = await attempt(walk, thrownError<ReadFailure>)
  if (!walked.ok) return walked
  return walked.value.ok ? ok({ files }) : walked.value
}

/** Makes the directory if need be; `false` when there are checkpoint files in it. */
function prepare(dir: string): boolean {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  return !readdirSync(dir).some((name) => name.endsWith('.chk'))
}

async function refusal(operation: OperationReader<unknown>): Promise<ExportError | undefined> {
  for await (const { label, position } of operation.history()) {
    const bytes = new TextEncoder().encode(cloudengName({ number: position, label })).length
    const reason = faultOf(label, bytes)
    if (position >= MAX_CHECKPOINTS) {
      const details = { limit: 'checkpoints', maximum: MAX_CHECKPOINTS }
      return coreError('LIMIT_EXCEEDED', 'the Go package counts up to 99999999', details)
    }
    if (reason === undefined) continue
    const message = `the label ${quote(label)} cannot be part of a file name: ${reason}`
    return coreError('INVALID_ARGUMENT', message, { argument: 'label', reason })
  }
  return undefined
}

function faultOf(label: string, nameBytes: number): string | undefined {
  // oxlint-disable-next-line no-control-regex -- NUL and line feed are what is looked for
  if (/[/\\\u0000\n]/.test(label)) return 'it has a separator, a line feed or a NUL'
  return nameBytes > MAX_FILE_NAME_BYTES ? 'it is too long' : undefined
}

/** Whole or absent: the Go package takes whatever ends in `.chk` for a checkpoint. */
function write(dir: string, name: string, bytes: Uint8Array): void {
  const temporary = join(dir, '.export')
  writeFileSync(temporary, bytes, { mode: 0o600, flush: true })
  renameSync(temporary, join(dir, name))
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function thrownIo(operation: string, key: string): (cause: unknown) => CoreError<'IO_FAILED'> {
  return (cause) => {
    const message = `${operation} of ${quote(key)} failed`
    return coreError('IO_FAILED', message, { operation, key }, cause)
  }
}
