import { err, ok, type Result } from '@tidemark/core'
import { equalBytes } from '../bytes/bytes.ts'
import { decodeCbor } from '../cbor/decode.ts'
import { CBOR_NULL, cborArray, cborBytes } from '../cbor/encode.ts'
import { malformed, type MkvsError } from '../errors/mkvs-errors.ts'
import type { WriteLog, WriteLogEntry } from '../tree/write-log.ts'

/** The canonical CBOR of a write log: pairs of key and value, null for a removed key. */
export function encodeWriteLog(log: WriteLog): Uint8Array {
  return cborArray(
    log.map(({ key, value }) =>
      cborArray([cborBytes(key), value === undefined ? CBOR_NULL : cborBytes(value)]),
    ),
  )
}

/** Reads a write log. `MALFORMED` when the bytes are none in canonical form. */
export function decodeWriteLog(bytes: Uint8Array): Result<WriteLog, MkvsError<'MALFORMED'>> {
  const item = decodeCbor(bytes)
  const list: unknown = item.ok ? item.value.value : undefined
  if (!Array.isArray(list)) return err(malformed('write log', 'no list'))
  const log: WriteLogEntry[] = []
  for (const entry of list) {
    const pair: readonly unknown[] = Array.isArray(entry) ? entry : []
    const [key, value] = pair
    if (!(key instanceof Uint8Array)) return err(malformed('write log', 'an entry without a key'))
    log.push({ key, value: value instanceof Uint8Array ? value : undefined })
  }
  if (!equalBytes(encodeWriteLog(log), bytes)) {
    return err(malformed('write log', 'not in canonical form'))
  }
  return ok(log)
}
