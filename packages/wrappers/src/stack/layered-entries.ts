import {
  attempt,
  concat,
  err,
  ok,
  resolveRange,
  thrownError,
  unwrap,
  type AsyncResult,
  type ByteEntries,
  type EntryInfo,
  type GetError,
  type GetOptions,
  type JsonObject,
  type StoredEntry,
} from '@tidemark/core'
import type { EntryRecord } from './attachment.ts'
import type { Pipeline } from './pipeline.ts'

/** What is known above the layers of what lies below them. */
export interface Known {
  readonly pipeline: Pipeline
  readonly records: ReadonlyMap<string, EntryRecord>
  readonly seals: JsonObject
}

/** The entries there are, with the lengths that their values have. */
export function layeredInfos(below: ByteEntries, { records }: Known): readonly EntryInfo[] {
  return below.entries().map((info) => ({ ...info, sizeBytes: sizeOf(info, records) }))
}

/** An entry whose bytes come back through the layers. */
export async function layeredEntry(
  below: ByteEntries,
  key: string,
  known: Known,
  options?: GetOptions,
): AsyncResult<StoredEntry, GetError> {
  const found = await below.entry(key, withoutRange(options))
  if (!found.ok) return found
  const record = known.records.get(key)
  if (record === undefined) {
    const where = { identifier: below.identifier, key }
    return err(known.pipeline.refusal(where, 'nothing is known of it'))
  }
  const { sizeBytes } = record
  const lying = { ...record, identifier: below.identifier, key, seals: known.seals }
  const { sizeBytes: storedBytes } = found.value
  async function* open(range: { start: number; end: number }): AsyncIterable<Uint8Array> {
    yield* unwrap(await below.entry(key, { ...options, range })).stream()
  }
  async function* stream(): AsyncGenerator<Uint8Array, void> {
    const range = unwrap(resolveRange(options?.range, sizeBytes))
    yield* known.pipeline.backward({ ...lying, storedBytes, open }, range)
  }
  return ok({ key, codec: found.value.codec, sizeBytes, bytes: () => gather(stream()), stream })
}

function sizeOf({ key, sizeBytes }: EntryInfo, records: Known['records']): number {
  return records.get(key)?.sizeBytes ?? sizeBytes
}

function withoutRange(options: GetOptions | undefined): GetOptions {
  const { range: _, ...rest } = options ?? {}
  return rest
}

function gather(stream: AsyncIterable<Uint8Array>): AsyncResult<Uint8Array, GetError> {
  return attempt(
    async () => {
      const pieces: Uint8Array[] = []
      for await (const piece of stream) pieces.push(piece)
      return concat(pieces)
    },
    thrownError<GetError>,
  )
}
