import {
  concat,
  isJsonArray,
  isJsonObject,
  sha256,
  toHex,
  unwrap,
  type BlobStore,
  type JsonObject,
  type JsonValue,
} from '@tidemark/core'

/** JSON that can be changed. */
type Open = { [key: string]: JsonValue }

/** One entry as it lies on the medium, with what is attached to it. */
export interface Lying {
  key: string
  codec: string
  bytes: Uint8Array
  /** `size`, `salt` and `digests` of the attachment. */
  attached: Open
}

/** A whole commit, taken apart. */
export interface Taken {
  /** `identifier`, `committedAtMs`, `born`, `metadata` … of the manifest. */
  manifest: Open
  /** `place`, `previous`, `seals`, `layers` … of the attachment. */
  attachment: Open
  entries: Lying[]
}

const FRAME_HEADER = 76
const PIECE = 2 ** 20
const utf8 = new TextEncoder()

/** The bytes of a blob. */
export async function bytesOf(store: BlobStore, key: string): Promise<Uint8Array> {
  const blob = unwrap(await store.get(key))
  if (blob === undefined) throw new Error(`there is no ${key}`)
  return unwrap(await blob.bytes())
}

/** Takes a commit of an identifier apart (names of plain letters only). */
export async function take(store: BlobStore, identifier: string, seq: number): Promise<Taken> {
  const frame = await bytesOf(store, `log/n-${identifier}.r${seq}`)
  const payload = frame.subarray(FRAME_HEADER, frame.length - 32)
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const end = 4 + view.getUint32(0)
  const json = objectOf(JSON.parse(new TextDecoder().decode(payload.subarray(4, end))))
  const { attachment, entries: list, ...manifest } = json
  const { entries: attachedList, ...attached } = objectOf(attachment)
  let inside = payload.subarray(end)
  const entries: Lying[] = []
  for (const [i, item] of listOf(list).entries()) {
    const { key, codec, size, blob } = objectOf(item)
    const length = Number(size)
    const bytes = typeof blob === 'string' ? await bytesOf(store, blob) : inside.slice(0, length)
    if (typeof blob !== 'string') inside = inside.subarray(length)
    entries.push({
      key: textOf(key),
      codec: textOf(codec),
      bytes,
      attached: objectOf(listOf(attachedList)[i]),
    })
  }
  return { manifest, attachment: attached, entries }
}

/** How a forger writes a commit back. */
export interface GiveOptions {
  /** Leaves what the layers attached to each entry as it is: a careless forger. */
  readonly isCareless?: boolean
}

/**
 * Writes a commit as the storage itself would, under any identifier and number: every digest that
 * needs no key is right. What layers attached is given as it is, but for the digests.
 */
export async function give(
  store: BlobStore,
  identifier: string,
  seq: number,
  taken: Taken,
  { isCareless = false }: GiveOptions = {},
): Promise<void> {
  const list: JsonObject[] = []
  const attachedList: JsonObject[] = []
  const inside: Uint8Array[] = []
  const sorted = [...taken.entries].sort((a, b) => (a.key < b.key ? -1 : 1))
  for (const [i, { key, codec, bytes, attached }] of sorted.entries()) {
    const pieces = digestsOf(bytes)
    const isInside = bytes.length <= 65_536
    if (isInside) inside.push(bytes)
    const blob = `blob/n-${identifier}/${seq}.forged${i}.1`
    if (!isInside) unwrap(await store.put(blob, bytes))
    const where = isInside ? {} : { blob, pieces: bytes.length === 0 ? '' : pieces }
    list.push({ key, codec, size: bytes.length, ...where })
    const isDigested = !isCareless && attached['digests'] !== undefined
    attachedList.push(isDigested ? { ...attached, digests: pieces } : attached)
  }
  const attachment =
    taken.attachment['format'] === undefined
      ? {}
      : { attachment: { ...taken.attachment, entries: attachedList } }
  const json = utf8.encode(JSON.stringify({ ...taken.manifest, ...attachment, entries: list }))
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, json.length)
  await giveFrame(store, `log/n-${identifier}.r${seq}`, seq, concat([length, json, ...inside]))
}

/** A record of a log with any payload. */
export async function giveFrame(
  store: BlobStore,
  key: string,
  seq: number,
  payload: Uint8Array,
): Promise<void> {
  const header = new Uint8Array(FRAME_HEADER)
  const view = new DataView(header.buffer)
  view.setUint32(0, 0x544d4c52)
  view.setUint8(4, 1)
  view.setBigUint64(8, BigInt(seq))
  view.setUint32(72, payload.length)
  const body = concat([header, payload])
  unwrap(await store.put(key, concat([body, sha256(body)])))
}

/** Every blob of a medium, to be put back later. */
export async function snapshot(store: BlobStore): Promise<Map<string, Uint8Array>> {
  const all = new Map<string, Uint8Array>()
  for await (const { key } of store.list()) all.set(key, await bytesOf(store, key))
  return all
}

/** Makes a medium what it was. */
export async function putBack(
  store: BlobStore,
  all: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  for await (const { key } of store.list()) if (!all.has(key)) unwrap(await store.delete(key))
  for (const [key, bytes] of all) unwrap(await store.put(key, bytes))
}

/** The entry of a key. */
export function entryOf({ entries }: Taken, key: string): Lying {
  const found = entries.find((entry) => entry.key === key)
  if (found === undefined) throw new Error(`there is no ${key}`)
  return found
}

/** SHA-256 of each piece of 1 MiB, in hex; of nothing there is one. */
export function digestsOf(bytes: Uint8Array): string {
  let hex = ''
  for (let at = 0; at < Math.max(1, bytes.length); at += PIECE) {
    hex += toHex(sha256(bytes.subarray(at, at + PIECE)))
  }
  return hex
}

export function objectOf(json: unknown): Open {
  return isJson(json) && isJsonObject(json) ? { ...json } : {}
}

/** The bytes from the last to the first. */
export function reversed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(bytes, (_, i) => bytes[bytes.length - 1 - i] ?? 0)
}

function textOf(json: JsonValue | undefined): string {
  return typeof json === 'string' ? json : ''
}

function listOf(json: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(json) ? json : []
}

function isJson(value: unknown): value is JsonValue {
  return typeof value === 'object'
}
