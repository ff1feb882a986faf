import {
  concat,
  coreError,
  encodeName,
  err,
  ok,
  piecesOf,
  resolveRange,
  sha256,
  toHex,
  type AsyncResult,
  type ByteCheckpoint,
  type ByteCommitOptions,
  type ByteDraft,
  type ByteStorage,
  type CoreError,
  type CreateOptions,
  type GenerationInfo,
  type GetError,
  type GetOptions,
  type JsonObject,
  type LoadError,
  type LoadOptions,
  type StoredEntry,
} from '@tidemark/core'

/** A commit as the double keeps it: everything can be changed, nothing is ever checked. */
export interface Kept {
  identifier: string
  generation: number
  committedAtMs: number
  metadata: JsonObject
  attachment: JsonObject | undefined
  entries: Map<string, { codec: string; bytes: Uint8Array }>
}

/** The least that a `ByteStorage` of somebody's own does: it stores, and verifies nothing. */
export class Double implements ByteStorage {
  readonly kept = new Map<string, Kept[]>()

  async create(identifier: string, options: CreateOptions = {}): AsyncResult<ByteDraft, never> {
    const entries: Kept['entries'] = new Map()
    return ok({
      identifier,
      entries: () => infosOf(entries),
      entry: (key, get) => entryOf(identifier, entries, key, get),
      put: async (key, body, codec) => {
        const pieces: Uint8Array[] = []
        for await (const piece of piecesOf(body)) pieces.push(piece.slice())
        entries.set(key, { codec, bytes: concat(pieces) })
        return ok()
      },
      fail: () => undefined,
      remove: async (key) => (entries.delete(key) ? ok() : err(noKey(identifier, key))),
      abort: async () => entries.clear(),
      commit: async (call) => this.#commit(identifier, entries, { ...options, ...call }),
    })
  }

  async load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    const all = this.kept.get(identifier) ?? []
    const wanted = options?.generation
    const found = wanted === undefined ? all.at(-1) : all.find((one) => one.generation === wanted)
    if (found !== undefined) return ok(checkpointOf(found))
    return err(coreError('CHECKPOINT_NOT_FOUND', 'there is none', { identifier }))
  }

  async remove(identifier: string): AsyncResult<void, never> {
    this.kept.delete(identifier)
    return ok()
  }

  async *identifiers(): AsyncIterable<string> {
    yield* [...this.kept.keys()].sort()
  }

  async *generations(identifier: string): AsyncIterable<GenerationInfo> {
    for (const kept of [...(this.kept.get(identifier) ?? [])].sort(
      (a, b) => b.generation - a.generation,
    )) {
      const { generation, committedAt, metadata } = checkpointOf(kept)
      yield { identifier, generation, committedAt, metadata }
    }
  }

  async gc(): AsyncResult<{ generations: []; blobs: [] }, never> {
    return ok({ generations: [], blobs: [] })
  }

  async stacked(): AsyncResult<ByteStorage, never> {
    return ok(this)
  }

  async close(): Promise<void> {
    // It holds nothing open.
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #commit(
    identifier: string,
    entries: Kept['entries'],
    options: CreateOptions & ByteCommitOptions,
  ): ReturnType<ByteDraft['commit']> {
    const all = this.kept.get(identifier) ?? []
    const kept: Kept = {
      identifier,
      generation: all.length + 1,
      committedAtMs: 1_700_000_000_000,
      metadata: options.metadata ?? {},
      attachment: undefined,
      entries,
    }
    const facts = { ...checkpointOf(kept), previous: undefined }
    const attached = await options.attach?.(facts)
    if (attached?.ok === false) return attached
    kept.attachment = attached?.value
    this.kept.set(identifier, [...all, kept])
    return ok(checkpointOf(kept))
  }
}

function checkpointOf(kept: Kept): ByteCheckpoint {
  const { identifier, generation, committedAtMs, metadata, attachment, entries } = kept
  return {
    identifier,
    generation,
    metadata,
    attachment,
    committedAt: new Date(committedAtMs),
    born: 1,
    place: 'double',
    digest: toHex(sha256(new TextEncoder().encode(`${encodeName(identifier)} ${generation}`))),
    entries: () => infosOf(entries),
    entry: (key, options) => entryOf(identifier, entries, key, options),
    close: () => Promise.resolve(),
  }
}

function infosOf(entries: Kept['entries']): { key: string; codec: string; sizeBytes: number }[] {
  return [...entries]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { codec, bytes }]) => ({ key, codec, sizeBytes: bytes.length }))
}

async function entryOf(
  identifier: string,
  entries: Kept['entries'],
  key: string,
  options?: GetOptions,
): AsyncResult<StoredEntry, GetError> {
  const found = entries.get(key)
  if (found === undefined) return err(noKey(identifier, key))
  const range = resolveRange(options?.range, found.bytes.length)
  if (!range.ok) return range
  const part = found.bytes.slice(range.value.start, range.value.end)
  return ok({
    key,
    codec: found.codec,
    sizeBytes: found.bytes.length,
    bytes: async () => ok(part),
    stream: async function* () {
      yield part
    },
  })
}

function noKey(identifier: string, key: string): CoreError<'KEY_NOT_FOUND'> {
  return coreError('KEY_NOT_FOUND', 'there is none', { identifier, key })
}
