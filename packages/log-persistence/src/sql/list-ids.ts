import { err, ok, type Result } from '@tidemark/core'
import { damaged, type InitError } from '../errors.ts'

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The ids that a column of bytes holds. */
export function decodeIds(column: readonly unknown[]): Result<string[], InitError> {
  const ids: string[] = []
  for (const id of column) {
    if (!(id instanceof Uint8Array)) return err(damaged('', 'an id is no bytes'))
    try {
      ids.push(strictUtf8.decode(id))
    } catch (cause) {
      return err(damaged('', 'an id is no text', cause))
    }
  }
  return ok(ids)
}
