import { compareNames, isJsonArray, type JsonValue } from '@tidemark/core'

/** The checkpoint that is the list of all others. It is not listed, and cannot be written. */
export const INDEX_IDENTIFIER = 'tidemark:index'

/** Its one entry: `[identifier, generation, digest]`, in byte order of the identifiers. */
export const INDEX_KEY = 'checkpoints'

/** The newest commit of one identifier. */
export interface Listed {
  readonly generation: number
  readonly digest: string
}

/** All checkpoints there should be. */
export type Listing = ReadonlyMap<string, Listed>

/** As JSON. */
export function encodeListing(listing: Listing): JsonValue {
  return [...listing]
    .sort(([a], [b]) => compareNames(a, b))
    .map(([identifier, { generation, digest }]) => [identifier, generation, digest])
}

/** Reads it back; `undefined` when it makes no sense. It was sealed: then that is a bug of ours. */
export function decodeListing(json: unknown): Listing | undefined {
  if (!isJson(json) || !isJsonArray(json)) return undefined
  const listing = new Map<string, Listed>()
  for (const item of json) {
    const [identifier, generation, digest] = isJsonArray(item) ? item : []
    if (typeof identifier !== 'string' || typeof generation !== 'number') return undefined
    if (typeof digest !== 'string') return undefined
    listing.set(identifier, { generation, digest })
  }
  return listing
}

function isJson(value: unknown): value is JsonValue {
  return typeof value === 'object'
}
