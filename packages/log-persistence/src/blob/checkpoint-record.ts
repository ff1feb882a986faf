import { concatBytes } from '../bytes.ts'

/** What a record of a log holds: which log it is of, and the checkpoint. */
export interface CheckpointRecord {
  readonly logId: string
  readonly bytes: Uint8Array
}

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `length of the id (2 bytes, big-endian) | id, UTF-8 | checkpoint`. */
export function encodeRecord({ logId, bytes }: CheckpointRecord): Uint8Array {
  const id = utf8.encode(logId)
  return concatBytes([new Uint8Array([id.length >> 8, id.length & 0xff]), id, bytes])
}

/** Reads a record; `undefined` when it is none. */
export function decodeRecord(payload: Uint8Array): CheckpointRecord | undefined {
  const [high = 0, low] = payload
  if (low === undefined) return undefined
  const end = 2 + high * 256 + low
  if (payload.length <= end) return undefined
  try {
    return { logId: strictUtf8.decode(payload.subarray(2, end)), bytes: payload.slice(end) }
  } catch {
    return undefined
  }
}
