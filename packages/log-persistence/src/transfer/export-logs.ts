import { unwrap, type CallOptions } from '@tidemark/core'
import { sha256 } from '#digest'
import { toHex } from '../bytes.ts'
import type { LogStatePersistence } from '../log-persistence.ts'
import { toBase64 } from './base64.ts'
import { TransferDigest } from './transfer-digest.ts'

/** So many ids are asked for at once. */
const PAGE = 1000

/**
 * Every log of a store as lines of JSON, in byte order of the ids: one object for each log (`id`,
 * `revision`, `checkpoint` in base64, `sha256` of it in hex), then a trailer (`count`, and
 * `sha256`: a chain over the lines, each link the SHA-256 of the link before, at first 32 zero
 * bytes, and the line). Throws a `ReadError`.
 *
 * Each log is as it was at some moment during the export. The lines carry no line ends.
 *
 * @example
 * import { exportLogs, memoryPersistence } from '@tidemark/log-persistence'
 *
 * const lines = []
 * for await (const line of exportLogs(memoryPersistence())) lines.push(line)
 * JSON.parse(lines[0]).count // => 0
 */
export async function* exportLogs(
  store: LogStatePersistence,
  options: CallOptions = {},
): AsyncIterable<string> {
  const digest = new TransferDigest()
  let [count, after] = [0, '']
  for (;;) {
    const from = after === '' ? {} : { after }
    const ids = unwrap(await store.logs({ ...options, ...from, limit: PAGE }))
    for (const id of ids) {
      const { revision, bytes } = unwrap(await store.snapshot(id, options))
      if (bytes === undefined) continue
      const checkpoint = { checkpoint: toBase64(bytes), sha256: toHex(sha256(bytes)) }
      const line = JSON.stringify({ id, revision, ...checkpoint })
      digest.add(line)
      count += 1
      yield line
    }
    after = ids.at(-1) ?? ''
    if (ids.length < PAGE) break
  }
  yield JSON.stringify({ count, sha256: digest.hex() })
}
