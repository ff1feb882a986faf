import { readdirSync, readFileSync, type Dirent } from 'node:fs'
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
import { MAX_LABEL_BYTES, textError } from '../log/operation-key.ts'
import type { CheckpointFailure, LoadError, Operation, ReadFailure } from '../operation.ts'
import type { PlainValue } from '../value/encode-value.ts'
import { parseCloudengName } from './cloudeng-name.ts'

/** What was taken over. */
export interface ImportReport {
  readonly imported: number
  /** Found in the operation already, left by an earlier try. */
  readonly present: number
  /** Names in the directory that the Go package did not write. Left alone. */
  readonly foreign: readonly string[]
}

/** Why an import stopped. Repeat it: what was imported already is not imported twice. */
export type ImportError =
  | CheckpointFailure
  | LoadError
  | ReadFailure
  | CoreError<'OPEN_FAILED' | 'CONFLICT'>

interface Source {
  readonly file: string
  readonly number: number
  readonly label: string
}

/**
 * Takes over the checkpoints that the Go package `cloudeng.io/file/checkpoint` wrote into a
 * directory, in numeric order, as bytes with their labels. The directory is only read.
 *
 * `CONFLICT`: the operation has other checkpoints than an earlier import left. `INVALID_ARGUMENT`:
 * a label is not well-formed or longer than 512 bytes; nothing was imported.
 */
export async function importCloudeng(
  dir: string,
  operation: Operation<PlainValue>,
): AsyncResult<ImportReport, ImportError> {
  const listed = sourcesIn(dir)
  if (!listed.ok) return listed
  const { sources, foreign } = listed.value
  for (const { label } of sources) {
    const refused = textError('label', label, MAX_LABEL_BYTES)
    if (refused !== undefined) return err(refused)
  }
  const present = await countPresent(dir, sources, operation)
  if (!present.ok) return present
  for (const { file, label } of sources.slice(present.value)) {
    const bytes = readBytes(join(dir, file))
    if (!bytes.ok) return bytes
    const recorded = await operation.checkpoint(label, bytes.value)
    if (!recorded.ok) return recorded
  }
  return ok({ imported: sources.length - present.value, present: present.value, foreign })
}

function sourcesIn(
  dir: string,
): Result<{ sources: Source[]; foreign: string[] }, CoreError<'OPEN_FAILED'>> {
  const listed = attempt(() => readdirSync(dir, { withFileTypes: true }), unreadable(dir))
  if (!listed.ok) return listed
  const sources: Source[] = []
  const foreign: string[] = []
  for (const entry of listed.value) {
    const source = sourceOf(entry)
    if (source !== undefined) sources.push(source)
    else if (entry.name !== 'lock') foreign.push(entry.name)
  }
  sources.sort((a, b) => a.number - b.number || (a.file < b.file ? -1 : 1))
  return ok({ sources, foreign: foreign.sort() })
}

function sourceOf(entry: Dirent): Source | undefined {
  const name = entry.isFile() ? parseCloudengName(entry.name) : undefined
  return name === undefined ? undefined : { file: entry.name, ...name }
}

/** How many of the first sources the operation has already; they must be all that it has. */
async function countPresent(
  dir: string,
  sources: readonly Source[],
  operation: Operation<PlainValue>,
): AsyncResult<number, ImportError> {
  let present = 0
  const walk = async (): Promise<Result<number, ImportError>> => {
    for await (const ref of operation.history()) {
      const source = sources[present]
      const stored = await operation.loadBytes(ref.id)
      if (!stored.ok) return stored
      const bytes = source?.label === ref.label ? readBytes(join(dir, source.file)) : undefined
      if (bytes !== undefined && !bytes.ok) return bytes
      if (bytes === undefined || !isEqual(bytes.value, stored.value.payload)) {
        const message = `the operation has checkpoints of its own (${quote(ref.label)}); import into a new one`
        return err(coreError('CONFLICT', message, { reason: 'taken', seq: ref.seq }))
      }
      present += 1
    }
    return ok(present)
  }
  const walked = await attempt(walk, thrownError<ReadFailure>)
  return walked.ok ? walked.value : walked
}

function readBytes(path: string): Result<Uint8Array, CoreError<'OPEN_FAILED'>> {
  return attempt(() => new Uint8Array(readFileSync(path)), unreadable(path))
}

function unreadable(path: string): (cause: unknown) => CoreError<'OPEN_FAILED'> {
  return (cause) => {
    const details = { what: 'file', reason: 'it cannot be read' }
    return coreError('OPEN_FAILED', `${quote(path)}: ${details.reason}`, details, cause)
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
