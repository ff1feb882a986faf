import * as z from 'zod/mini'
import { fieldsOf, nullable, safeInteger, u64 } from '../manifest/schema-parts.ts'
import { manifestSchema } from '../manifest/schema.ts'
import type { StoredSlot, StoredState } from '../state/slot.ts'
import type { Entry, Head } from './head.ts'
import type { Body } from './record.ts'

const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/))

/** The name of a blob: never a path out of where blobs lie. */
const blobName = z.string().check(z.regex(/^[0-9a-f-]{1,100}$/))

const entry: z.ZodMiniType<Entry> = fieldsOf({
  id: u64,
  epoch: u64,
  status: z.enum(['state', 'undecided', 'unsettled', 'committed']),
  seq: safeInteger,
  blobs: z.array(blobName),
  bytes: safeInteger,
  createdMs: safeInteger,
})

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
