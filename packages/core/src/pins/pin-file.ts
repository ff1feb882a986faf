import { ownerOf, type Owner } from '../lease/owner.ts'
import { unwrap } from '../result/result.ts'
import { decodeJson, encodeJson, isJsonArray, isJsonObject } from '../storage/json.ts'

/** What one handle holds, as it lies on the medium. */
export interface PinFile extends Owner {
  /** Changes with every sign of life. */
  readonly beat: number
  readonly names: readonly string[]
}

/** So many pins fit in one small file. */
export const MAX_PINS = 10_000

/** More of a presence file is not read. */
export const MAX_PIN_FILE_BYTES: number = 4 * 1024 * 1024

/** A presence file as bytes. */
export function encodePins(pins: PinFile): Uint8Array {
  return unwrap(encodeJson({ ...pins }))
}

/** Reads a presence file; a damaged one holds nothing. */
export function decodePins(bytes: Uint8Array): PinFile {
  const json = decodeJson(bytes, 'a presence file')
  const fields = json.ok && isJsonObject(json.value) ? json.value : {}
  const list = isJsonArray(fields['names']) ? fields['names'] : []
  const names = list.filter((name) => typeof name === 'string').slice(0, MAX_PINS)
  const beat = typeof fields['beat'] === 'number' ? fields['beat'] : 0
  return { ...ownerOf(fields), beat, names }
}
