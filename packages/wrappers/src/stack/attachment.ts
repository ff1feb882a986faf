import {
  fromHex,
  isJsonArray,
  isJsonObject,
  layersOf,
  toHex,
  type JsonObject,
  type JsonValue,
  type LayerName,
} from '@tidemark/core'

/** What a stack attaches to each checkpoint. `docs/formats/layers.md` has it in full. */
export interface Attachment {
  readonly layers: readonly LayerName[]
  readonly place: string
  readonly previous: string | undefined
  /** In the order of the checkpoint's entries. */
  readonly entries: readonly EntryRecord[]
  /** What each layer that seals made, by the layer's id. */
  readonly seals: JsonObject
}

/** What a stack knows of one entry. */
export interface EntryRecord {
  /** The length of the value, before any layer. */
  readonly sizeBytes: number
  /** Empty unless a layer encrypts. */
  readonly salt: Uint8Array
  /** Empty unless a layer is a checksum or a seal. */
  readonly digests: Uint8Array
}

const FORMAT = 1

/** As JSON that lies in the manifest of the checkpoint. */
export function encodeAttachment(attachment: Attachment): JsonObject {
  const { layers, place, previous, seals } = attachment
  const entries = attachment.entries.map(({ sizeBytes, salt, digests }) => ({
    size: sizeBytes,
    ...(salt.length === 0 ? {} : { salt: toHex(salt) }),
    ...(digests.length === 0 ? {} : { digests: toHex(digests) }),
  }))
  const names = layers.map(({ id, version }) => ({ id, version }))
  const before = previous === undefined ? {} : { previous }
  return { format: FORMAT, layers: names, place, ...before, entries, seals }
}

/** Reads it back; `undefined` when its fields make no sense. Nothing in it is trusted. */
export function decodeAttachment(json: JsonObject): Attachment | undefined {
  const { format, place, previous, entries: list, seals } = json
  const layers = layersOf(json['layers'])
  if (format !== FORMAT || layers === undefined || typeof place !== 'string') return undefined
  if (previous !== undefined && typeof previous !== 'string') return undefined
  if (!isJsonArray(list) || !isJsonObject(seals)) return undefined
  const entries: EntryRecord[] = []
  for (const item of list) {
    const entry = isJsonObject(item) ? entryOf(item) : undefined
    if (entry === undefined) return undefined
    entries.push(entry)
  }
  return { layers, place, previous, entries, seals }
}

function entryOf({ size, salt, digests }: JsonObject): EntryRecord | undefined {
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined
  const [saltBytes, digestBytes] = [bytesOf(salt), bytesOf(digests)]
  if (saltBytes === undefined || digestBytes === undefined) return undefined
  return { sizeBytes: size, salt: saltBytes, digests: digestBytes }
}

function bytesOf(hex: JsonValue | undefined): Uint8Array | undefined {
  if (hex === undefined) return new Uint8Array()
  return typeof hex === 'string' ? fromHex(hex) : undefined
}
