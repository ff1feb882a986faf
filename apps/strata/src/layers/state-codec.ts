import { createHash } from 'node:crypto'
import { attempt, coreError, thrownError, type CoreError, type Result } from '@tidemark/core'
import { addAuthor, type Author, type Authors } from './authors.ts'
import { forEachRun, RUN_NUMBERS, type Births } from './births.ts'
import { readCoChanges, writeCoChanges } from './co-changes-codec.ts'
import type { Origin, SourceFile, State } from './state.ts'
import { damaged, VarintReader, VarintWriter } from './varint.ts'

/** Rises when the bytes or the meaning of a state change: an older state is computed again. */
const STATE_VERSION = 2

/** What errors call it. */
export const STATE = 'state'

/** Why saved bytes give no state. */
export type DecodeStateError = CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'>

/**
 * The state as bytes. Equal states have equal bytes: files are in order of their paths, and each
 * number has one form.
 *
 * In this order, as {@link VarintWriter} writes them: the version; 0, or 1 (whole) or 2 (cut) and
 * the first commit; the commit reached, empty for none; the position; the first day and the last;
 * the number of authors and for each, in the order of their numbers, name and address; the number
 * of files and for each its path, 1 if it is binary, its commits, its churn, and the number of its
 * runs with, for each, the day less the day before it, the author, and the lines; then the
 * co-changes, see {@link writeCoChanges}.
 */
export function encodeState(state: State): Uint8Array {
  const writer = new VarintWriter(state.files.size * FILE_BYTES)
  writer.whole(STATE_VERSION)
  writeOrigin(writer, state.origin)
  writer.text(state.commit ?? '')
  writer.whole(state.position)
  writer.signed(state.firstDay)
  writer.signed(state.lastDay)
  writeAuthors(writer, state.authors)
  const paths = [...state.files.keys()].sort()
  writer.whole(paths.length)
  for (const path of paths) {
    const file = state.files.get(path)
    if (file !== undefined) writeFile(writer, path, file)
  }
  writeCoChanges(writer, state.coChanges, paths, state.position)
  return writer.bytes()
}

/**
 * Reads a state back. Whatever is accepted gives the same bytes again; anything else is
 * `CORRUPTED`, or `UNSUPPORTED_VERSION` when another version of Strata wrote it.
 */
export function decodeState(bytes: Uint8Array): Result<State, DecodeStateError> {
  return attempt(() => readState(bytes), thrownError<DecodeStateError>)
}

/** The digest of an encoded state: its SHA-256, 64 lower-case hex digits. */
export function digestOf(encoded: Uint8Array): string {
  return createHash('sha256').update(encoded).digest('hex')
}

/** Room for a usual file: to move to larger room while writing costs as much as the writing. */
const FILE_BYTES = 256

function writeOrigin(writer: VarintWriter, origin: Origin | undefined): void {
  if (origin === undefined) return writer.whole(0)
  writer.whole(origin.cut ? 2 : 1)
  writer.text(origin.commit)
}

function writeAuthors(writer: VarintWriter, authors: Authors): void {
  writer.whole(authors.size)
  for (const { name, email } of authors.values()) {
    writer.text(name)
    writer.text(email)
  }
}

function writeFile(writer: VarintWriter, path: string, file: SourceFile): void {
  const { births } = file
  writer.text(path)
  writer.whole(file.binary ? 1 : 0)
  writer.whole(file.commits)
  writer.whole(file.churn)
  writer.whole(births.length / RUN_NUMBERS)
  let before = 0
  forEachRun(births, (day, author, lines) => {
    writer.signed(day - before)
    writer.whole(author)
    writer.whole(lines)
    before = day
  })
}

function readState(bytes: Uint8Array): State {
  const reader = new VarintReader(bytes)
  const version = reader.whole()
  if (version !== STATE_VERSION) throw unsupported(version)
  const origin = readOrigin(reader)
  const commit = reader.text()
  const position = reader.whole()
  const firstDay = reader.signed()
  const lastDay = reader.signed()
  const authors = readAuthors(reader)
  const files = new Map<string, SourceFile>()
  let previous: string | undefined
  for (let left = reader.count(MIN_FILE_BYTES); left > 0; left -= 1) {
    const path = reader.text()
    if (previous !== undefined && path <= previous) throw damaged('its files are out of order')
    files.set(path, readFile(reader, authors.size))
    previous = path
  }
  const coChanges = readCoChanges(reader, [...files.keys()], position)
  reader.end()
  return {
    origin,
    commit: commit === '' ? undefined : commit,
    position,
    firstDay,
    lastDay,
    files,
    authors,
    coChanges,
  }
}

/** Each of the five numbers of a file takes at least one byte. */
const MIN_FILE_BYTES = 5

function readOrigin(reader: VarintReader): Origin | undefined {
  const kind = reader.whole()
  if (kind > 2) throw damaged('its origin is of no known kind')
  return kind === 0 ? undefined : { commit: reader.text(), cut: kind === 2 }
}

/** The lengths of a name and an address. */
const MIN_AUTHOR_BYTES = 2

function readAuthors(reader: VarintReader): Authors {
  const authors: Authors = new Map<string, Author>()
  const count = reader.count(MIN_AUTHOR_BYTES)
  for (let number = 0; number < count; number += 1) {
    addAuthor(authors, { number, name: reader.text(), email: reader.text() })
    if (authors.size === number) throw damaged('an author is there twice')
  }
  return authors
}

function readFile(reader: VarintReader, authors: number): SourceFile {
  const binary = reader.whole()
  if (binary > 1) throw damaged('a file is of no known kind')
  const commits = reader.whole()
  const churn = reader.whole()
  return { births: readBirths(reader, authors), binary: binary === 1, commits, churn }
}

function readBirths(reader: VarintReader, authors: number): Births {
  const births = new Int32Array(RUN_NUMBERS * reader.count(RUN_NUMBERS))
  let day = 0
  for (let i = 0; i < births.length; i += RUN_NUMBERS) {
    const delta = reader.signed()
    const [author, lines] = [reader.whole(), reader.whole()]
    const isBefore = i > 0 && delta === 0 && author === births[i - 2]
    if (isBefore || lines === 0) throw damaged('a run of lines is not one')
    if (author >= authors) throw damaged('a line has no known author')
    day += delta
    births.set([day, author, lines], i)
    if (births[i] !== day || births[i + 2] !== lines) throw damaged('a run is out of range')
  }
  return births
}

function unsupported(found: number): CoreError<'UNSUPPORTED_VERSION'> {
  const message = `the saved state has version ${found}, this Strata knows ${STATE_VERSION}`
  const details = { what: STATE, found, supported: STATE_VERSION }
  return coreError('UNSUPPORTED_VERSION', message, details)
}
