import {
  attempt,
  blobCommitLog,
  err,
  ok,
  thrownError,
  type AsyncResult,
  type BlobStore,
  type CallOptions,
  type CommitLog,
  type ReadError,
  type Seq,
} from '@tidemark/core'
import { nameError, OPERATIONS, operationPrefix } from './log/operation-key.ts'
import type { OpenError, ReadFailure } from './operation.ts'
import { acquireOperation } from './owner/acquire-operation.ts'
import { appendBegin } from './owner/bases.ts'
import { sweepBase } from './owner/trim.ts'
import { decodeRecord } from './record/decode-record.ts'
import type { Base } from './record/record.ts'

/** After so many keys of one operation the listing is begun anew behind it. */
const JUMP_AFTER = 1024

/** The encoded name of an operation in a key of its log. */
const LOG_KEY = /^operation\/([nh]-[a-z0-9_-]+)\./

/**
 * The names of the operations of a store that recorded anything, in the order of their keys. Throws
 * a {@link ReadFailure}. An operation whose records cannot be read is left out.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { listOperations, openOperation } from '@tidemark/operation'
 *
 * const store = new MemoryBlobStore()
 * const op = unwrap(await openOperation({ store, name: 'a b' }))
 * unwrap(await op.checkpoint('first', { page: 1 }))
 * await op.close()
 * const names = []
 * for await (const name of listOperations(store)) names.push(name)
 * names // => ['a b']
 */
export async function* listOperations(
  store: BlobStore,
  options?: CallOptions,
): AsyncIterable<string> {
  for await (const encoded of encodedNames(store, options)) {
    const name = await nameInside(store, encoded, options)
    if (name !== undefined) yield name
  }
}

/**
 * Removes an operation: takes its lease, forgets everything, deletes what can be deleted. What
 * stays are the few bytes that keep its numbers from ever being used again.
 */
export async function removeOperation(
  store: BlobStore,
  name: string,
  options: Parameters<typeof acquireOperation>[1] = {},
): AsyncResult<void, OpenError> {
  const refused = nameError(name)
  if (refused !== undefined) return err(refused)
  const acquired = await acquireOperation({ store, name }, { ...options, restart: true })
  if (!acquired.ok) return acquired
  const { writer, log, lease, now, newIncarnation } = acquired.value
  const begun = await appendBegin(writer, { name, atMs: now() }, newIncarnation())
  if (begun.ok) await sweepBase({ lease, log, writer }, { list: true })
  await lease.close()
  return begun.ok ? ok() : begun
}

async function* encodedNames(store: BlobStore, options?: CallOptions): AsyncIterable<string> {
  let startAfter: string | undefined = OPERATIONS
  while (startAfter !== undefined) {
    const after: string = startAfter
    startAfter = undefined
    let current = ''
    let seen = 0
    for await (const { key } of store.list({ ...options, prefix: OPERATIONS, startAfter: after })) {
      const encoded = LOG_KEY.exec(key)?.[1]
      if (encoded === undefined) continue
      if (encoded !== current) {
        current = encoded
        seen = 0
        yield encoded
      } else if ((seen += 1) > JUMP_AFTER) {
        // `/` comes right after `.`, which ends the name in every key of this operation.
        startAfter = `${OPERATIONS}${encoded}/`
        break
      }
    }
  }
}

async function nameInside(
  store: BlobStore,
  encoded: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const log = blobCommitLog(store, `${OPERATIONS}${encoded}.`)
  const walk = async (): Promise<string | undefined> => {
    for await (const record of log.records({
      ...options,
      reverse: true,
      onDamage: () => undefined,
    })) {
      if (record.epoch === record.seq) continue
      const decoded = decodeRecord(record.seq, record.payload)
      if (!decoded.ok) continue
      const { head } = decoded.value
      const base = decoded.value.base ?? (await baseAt(log, head.base, options))
      if (base?.kind !== 'complete' && head.nextSeq === 0 && head.steps === 0) return undefined
      const name = base?.operation ?? ''
      return operationPrefix(name) === `${OPERATIONS}${encoded}.` ? name : undefined
    }
    return undefined
  }
  const found = await attempt(walk, thrownError<ReadFailure | ReadError>)
  if (found.ok) return found.value
  throw found.error
}

async function baseAt(log: CommitLog, seq: Seq, options?: CallOptions): Promise<Base | undefined> {
  const record = await log.read(seq, options)
  if (!record.ok || record.value === undefined) return undefined
  const decoded = decodeRecord(seq, record.value.payload)
  return decoded.ok ? decoded.value.base : undefined
}
