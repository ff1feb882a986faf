import { attempt, blobCommitLog, err, ok, thrownError } from '@tidemark/core'
import type { AsyncResult, BlobStore, CallOptions } from '@tidemark/core'
import { randomBytes } from '#digest'
import { toHex } from '../bytes.ts'
import { damaged, type InitError } from '../errors.ts'
import type { StoreInfo } from '../log-persistence.ts'
import { judgeStore, mayCreate, type StoreLife } from '../store-life.ts'
import { fromLog } from './from-log.ts'

/** The log whose one record says which store this is. */
const INSTANCE = 'instance.'

/** What that record holds. */
const LINE = /^tidemark log state ([0-9a-f]{32})\n$/

/** Finds the instance of a store, or creates one as far as `life` allows. */
export async function openInstance(
  store: BlobStore,
  life: StoreLife,
  options: CallOptions,
): AsyncResult<StoreInfo, InitError> {
  const found = await readInstance(store, options)
  if (!found.ok) return found
  if (found.value !== undefined) return judgeStore({ ...found.value, created: false }, life)
  const allowed = mayCreate(life)
  if (!allowed.ok) return allowed
  const empty = await holdsNoLog(store, options)
  if (!empty.ok) return empty
  const instanceId = toHex(randomBytes(16))
  const line = new TextEncoder().encode(`tidemark log state ${instanceId}\n`)
  const made = await blobCommitLog(store, INSTANCE).append(undefined, line, options)
  if (made.ok) return judgeStore({ instanceId, created: true }, life)
  if (made.error.code !== 'CONFLICT') return err(fromLog(made.error))
  const theirs = await readInstance(store, options)
  if (!theirs.ok) return theirs
  if (theirs.value === undefined) return err(damaged(INSTANCE, 'the record vanished'))
  return judgeStore({ ...theirs.value, created: false }, life)
}

async function readInstance(
  store: BlobStore,
  options: CallOptions,
): AsyncResult<{ readonly instanceId: string } | undefined, InitError> {
  const found = await blobCommitLog(store, INSTANCE).latest(options)
  if (!found.ok) return err(fromLog(found.error))
  if (found.value === undefined) return ok(undefined)
  const instanceId = LINE.exec(new TextDecoder().decode(found.value.payload))?.[1]
  return instanceId === undefined
    ? err(damaged(INSTANCE, 'this is another kind of store'))
    : ok({ instanceId })
}

/** Logs without an instance are a store whose record was lost: no place for a new one. */
async function holdsNoLog(store: BlobStore, options: CallOptions): AsyncResult<void, InitError> {
  const first = await attempt(
    async () => {
      for await (const { key } of store.list({ ...options, prefix: 'log/', limit: 1 })) return key
      return undefined
    },
    thrownError<Parameters<typeof fromLog>[0]>,
  )
  if (!first.ok) return err(fromLog(first.error))
  if (first.value === undefined) return ok()
  return err(damaged(INSTANCE, 'the record is missing, although there are logs'))
}
