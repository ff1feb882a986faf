import { isStaged, sizeOf, type Entry } from './record.ts'

/** JSON takes up to so many bytes for a character: a control character is `\u0001`. */
const BYTES_PER_CHARACTER = 6

/** The digest of a piece of 1 MiB, in quotes, with its comma. */
const BYTES_PER_PIECE = 67

const PIECE_BYTES = 1024 * 1024

/** The fields of an entry besides names and bytes. */
const FIELDS_BYTES = 200

/** The room that an entry takes in a record, at most; larger bodies are stored beside the log. */
export function roomFor(entry: Entry, stageAboveBytes: number): number {
  const texts = textsOf(entry)
  const characters = texts.reduce((sum, text = '') => sum + text.length, 0)
  const names = FIELDS_BYTES + characters * BYTES_PER_CHARACTER
  if (entry.kind === 'attempt') return names
  const size = sizeOf(entry.body)
  if (!isStaged(entry.body) && size <= stageAboveBytes) return names + size
  return names + Math.ceil(size / PIECE_BYTES) * BYTES_PER_PIECE
}

function textsOf(entry: Entry): readonly (string | undefined)[] {
  if (entry.kind === 'checkpoint') return [entry.label]
  if (entry.kind === 'state') return [entry.name]
  if (entry.kind === 'result') return [entry.step, entry.key]
  return entry.kind === 'attempt' ? [entry.step, entry.key, entry.error] : []
}
