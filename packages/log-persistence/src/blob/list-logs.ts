import { attempt, blobCommitLog, err, ok, thrownError, unwrap } from '@tidemark/core'
import type { AsyncResult, BlobStore, LogReadError } from '@tidemark/core'
import type { ReadError } from '../errors.ts'
import { damaged } from '../errors.ts'
import type { ListOptions } from '../log-persistence.ts'
import { page } from '../order.ts'
import { decodeRecord } from './checkpoint-record.ts'
import { decodeName } from './decode-name.ts'
import { fromLog } from './from-log.ts'

/** Where the logs are. */
export const LOGS = 'log/'

/** `log/<encoded id>.r<n>` or `….r<shard>/<n>`. */
const RECORD_KEY = /^log\/([nh]-[a-z0-9_-]+)\.r[0-9]+(?:\/[0-9]+)?$/

/**
 * The ids of all logs that have a record, from one listing: no record is opened, but for ids too
 * long to be a key.
 */
export async function listLogs(
  store: BlobStore,
  options: ListOptions,
): AsyncResult<string[], ReadError> {
  const { signal } = options
  const call = signal === undefined ? {} : { signal }
  const listed = await attempt(
    async () => {
      const names = new Set<string>()
      for await (const { key } of store.list({ ...call, prefix: LOGS })) {
        const [, name] = RECORD_KEY.exec(key) ?? []
        if (name !== undefined) names.add(name)
      }
      const ids: string[] = []
      for (const name of names) ids.push(decodeName(name) ?? (await idInside(store, name, call)))
      return ids
    },
    thrownError<LogReadError>,
  )
  return listed.ok ? ok(page(listed.value, options)) : err(fromLog(listed.error))
}

async function idInside(
  store: BlobStore,
  name: string,
  options: { readonly signal?: AbortSignal },
): Promise<string> {
  const record = unwrap(await blobCommitLog(store, `${LOGS}${name}.`).latest(options))
  const id = decodeRecord(record?.payload ?? new Uint8Array())?.logId
  if (id === undefined) throw damaged(name, 'its record names no log')
  return id
}
