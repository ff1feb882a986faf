import * as z from 'zod/mini'
import { fieldsOf, nullable, safeInteger, u64 } from '../manifest/schema-parts.ts'
import { manifestSchema } from '../manifest/schema.ts'
import type { StoredSlot, StoredState } from '../state/slot.ts'
import { MAX_U64 } from '../manifest/manifest.ts'
import type { Entry, EntryStatus, Head } from './head.ts'
import type { Body } from './record.ts'

const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** The name of a blob: never a path out of where blobs lie. */
const BLOB_NAME = /^[0-9a-f-]{1,100}$/
const blobName = z.string().check(z.regex(BLOB_NAME))

/** There are hundreds of these in every record, so they are read by hand. */
const entry: z.ZodMiniType<Entry> = z.pipe(
  z.pipe(z.unknown(), z.transform(entryOf)),
  z.custom<Entry>((found) => found !== undefined, { error: 'an entry of another shape' }),
)

const STATUSES: readonly EntryStatus[] = ['state', 'undecided', 'unsettled', 'committed']

function entryOf(node: unknown): Entry | undefined {
  if (!(node instanceof Map)) return undefined
  const [id, epoch] = [bigintOf(node, 'id'), bigintOf(node, 'epoch')]
  const [seq, bytes] = [numberOf(node, 'seq'), numberOf(node, 'bytes')]
  const createdMs = numberOf(node, 'createdMs')
  const named: unknown = node.get('status')
  const status = STATUSES.find((known) => known === named)
  const blobs: unknown = node.get('blobs')
  if (id === undefined || epoch === undefined || status === undefined) return undefined
  if (seq === undefined || bytes === undefined || createdMs === undefined) return undefined
  if (!Array.isArray(blobs) || !blobs.every(isBlobName)) return undefined
  return { id, epoch, status, seq, blobs, bytes, createdMs }
}

function bigintOf(fields: ReadonlyMap<unknown, unknown>, name: string): bigint | undefined {
  const value = fields.get(name)
  return typeof value === 'bigint' && value >= 0n && value <= MAX_U64 ? value : undefined
}

function numberOf(fields: ReadonlyMap<unknown, unknown>, name: string): number | undefined {
  const value = Number(bigintOf(fields, name))
  return Number.isSafeInteger(value) ? value : undefined
}

function isBlobName(name: unknown): name is string {
  return typeof name === 'string' && BLOB_NAME.test(name)
}

const segment = fieldsOf({
  seq: safeInteger,
  firstId: u64,
  lastId: u64,
  count: safeInteger,
  lowestSeq: safeInteger,
})

const garbage = fieldsOf({ id: u64, blobs: z.array(blobName), sinceMs: safeInteger })

/** A head as it stands in a record. */
export const headSchema: z.ZodMiniType<Head> = fieldsOf({
  storeId: z.string().check(z.regex(/^[0-9a-f]{32}$/)),
  nextId: z.bigint().check(z.gte(1n)),
  nextEpoch: z.bigint().check(z.gte(1n)),
  entries: z.array(entry),
  segments: z.array(segment),
  garbage: z.array(garbage),
  skipped: z.array(safeInteger),
})

const part = fieldsOf({
  blob: safeInteger,
  offset: safeInteger,
  sizeBytes: safeInteger,
  pieces: z.array(hex64),
})

interface Placed {
  readonly inline: number | undefined
  readonly parts: readonly z.output<typeof part>[] | undefined
}

const place = { inline: nullable(safeInteger), parts: nullable(z.array(part)) }

function placeOf({ inline, parts }: Placed): StoredSlot['at'] {
  return inline === undefined ? { parts: parts ?? [] } : { inline }
}

const slot: z.ZodMiniType<StoredSlot> = z.pipe(
  fieldsOf({
    operator: z.string(),
    vnode: nullable(safeInteger),
    sizeBytes: safeInteger,
    ...place,
  }),
  z.transform(({ operator, vnode, sizeBytes, ...placed }) => ({
    operator,
    ...(vnode === undefined ? {} : { vnode }),
    sizeBytes,
    at: placeOf(placed),
  })),
)

const state: z.ZodMiniType<StoredState> = z.pipe(
  fieldsOf({ sizeBytes: safeInteger, sha256: hex64, prefix: z.string(), ...place }),
  z.transform(({ sizeBytes, sha256, prefix, ...placed }) => ({
    sizeBytes,
    sha256,
    prefix,
    at: placeOf(placed),
  })),
)

/** The body of a record. */
export const bodySchema: z.ZodMiniType<Body> = fieldsOf({
  manifest: nullable(manifestSchema),
  slots: z.array(slot),
  state: nullable(state),
  segment: z.array(entry),
})
