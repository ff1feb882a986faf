import type { Seq } from '@tidemark/core'

/** The number of a record in 16 digits, which sort as numbers do, and a nonce. */
const NAME = /^(?<record>[0-9]{16})-[0-9a-f]{16}$/

/** The name of a blob that is staged for a record. `nonce`: 16 hex digits, drawn at random. */
export function stagedName(record: Seq, nonce: string): string {
  return `${String(record).padStart(16, '0')}-${nonce}`
}

/** The number of the record that a blob was staged for; `undefined` for a name that is not ours. */
export function stagedFor(name: string): Seq | undefined {
  const record = Number(NAME.exec(name)?.groups?.['record'])
  return Number.isSafeInteger(record) && record > 0 ? record : undefined
}
