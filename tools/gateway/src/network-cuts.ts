import { unwrap, type BlobInfo, type BlobStore, type PutError, type Result } from '@tidemark/core'
import type { Cut, FaultProxy } from './fault-proxy.ts'

/** One store that the network cuts, and another on the same blobs that it does not. */
export interface Witnessed {
  readonly cut: BlobStore
  readonly witness: BlobStore
  readonly proxy: FaultProxy
}

/** What was seen of all calls. */
export interface Tally {
  applied: number
  notApplied: number
  resolved: number
}

/** The longest request or reply of these calls, headers and all. */
export const LONGEST_BYTES: number = 1400

const OURS = new TextEncoder().encode('ours')
const THEIRS = new TextEncoder().encode('theirs')

/** Cuts the first connections in one way, and then no more. */
function firstOnly(cut: Cut, count: number): () => Cut {
  let left = count
  return () => (left-- > 0 ? cut : undefined)
}

/**
 * One create whose first connections are cut in one place; checks the answer against the witness.
 * Throws when an acknowledged blob is missing, or a refused one is there.
 */
export async function cutCreate(
  { cut, witness, proxy }: Witnessed,
  key: string,
  where: Cut,
  times: number,
  tally: Tally,
): Promise<void> {
  proxy.plan(firstOnly(where, times))
  const put = await cut.put(key, OURS, { if: 'absent' })
  proxy.plan(() => undefined)
  const found = await sizeOf(witness, key)
  if (put.ok) {
    mustBe(found === OURS.length, `${key} was acknowledged and is not there`)
    tally.applied += 1
  } else if (put.error.code === 'OUTCOME_UNKNOWN') {
    // Resolved as a caller would: by the same create again, which is answered now.
    const again = await cut.put(key, OURS, { if: 'absent' })
    mustBe(again.ok || again.error.code === 'CONFLICT', `${key} cannot be resolved`)
    mustBe((await sizeOf(witness, key)) === OURS.length, `${key} is resolved and not there`)
    tally.resolved += 1
  } else {
    mustBe(found === undefined, `${key} was refused and is there`)
    tally.notApplied += 1
  }
}

/** One create of a name that is taken: it must never be acknowledged, nor change what is there. */
export async function cutLoser(
  { cut, witness, proxy }: Witnessed,
  key: string,
  where: Cut,
  tally: Tally,
): Promise<void> {
  unwrap(await witness.put(key, THEIRS, { if: 'absent' }))
  proxy.plan(firstOnly(where, 1))
  const put = await cut.put(key, OURS, { if: 'absent' })
  proxy.plan(() => undefined)
  mustBe(!put.ok, `${key} was another's and was acknowledged`)
  mustBe((await sizeOf(witness, key)) === THEIRS.length, `${key} was overwritten`)
  tally[isUnknown(put) ? 'resolved' : 'notApplied'] += 1
}

/** Reads through one cut: right, or a typed failure; never absence, never other bytes. */
export async function cutReads({ cut, witness, proxy }: Witnessed, where: Cut): Promise<void> {
  const key = 'read'
  if ((await sizeOf(witness, key)) === undefined) unwrap(await witness.put(key, OURS))
  const plan = (): void => proxy.plan(firstOnly(where, 1))
  plan()
  const head = unwrap(await cut.head(key))
  mustBe(head?.sizeBytes === OURS.length, 'head')
  plan()
  const bytes = await bytesAt(cut, key)
  mustBe(new TextDecoder().decode(bytes) === 'ours', 'get')
  plan()
  const listed: string[] = []
  for await (const info of cut.list({ prefix: key })) listed.push(info.key)
  mustBe(listed.join() === key, 'list')
  proxy.plan(() => undefined)
}

/** Deletes through one cut: after `ok` without failures the blobs are gone. */
export async function cutDelete(
  { cut, witness, proxy }: Witnessed,
  where: Cut,
  name: string,
): Promise<void> {
  const keys = [`${name}-a`, `${name}-b`]
  for (const key of keys) unwrap(await witness.put(key, OURS))
  proxy.plan(firstOnly(where, 1))
  const report = unwrap(await cut.delete(keys))
  proxy.plan(() => undefined)
  const failed = new Set(report.failed.map(({ key }) => key))
  for (const key of keys) {
    mustBe(failed.has(key) || (await sizeOf(witness, key)) === undefined, `${key} is still there`)
  }
}

async function sizeOf(store: BlobStore, key: string): Promise<number | undefined> {
  return unwrap(await store.head(key))?.sizeBytes
}

function isUnknown(put: Result<BlobInfo, PutError>): boolean {
  return !put.ok && put.error.code === 'OUTCOME_UNKNOWN'
}

function mustBe(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}

async function bytesAt(store: BlobStore, key: string): Promise<Uint8Array> {
  const blob = unwrap(await store.get(key))
  mustBe(blob !== undefined, `${key} is read as absent`)
  return unwrap(await blob.bytes())
}
