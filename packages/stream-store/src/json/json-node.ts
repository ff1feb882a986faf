/**
 * JSON without loss: an object is a `Map` (a name like `__proto__` is a key as any other), an integer
 * a `bigint` (a u64 does not fit a `number`), anything with a point or an exponent a `number`.
 */
export type JsonNode =
  | null
  | boolean
  | string
  | bigint
  | number
  | readonly JsonNode[]
  | ReadonlyMap<string, JsonNode>

/** Bounds of a JSON text, checked while it is read. */
export interface JsonLimits {
  /** Objects and lists within each other. */
  readonly depth: number
  /** Values of any kind, in all: bounds memory, which a text of two-byte values multiplies. */
  readonly values: number
}

/** What is wrong with a text that should be JSON. */
export interface JsonFault {
  readonly reason: string
  /** Where, in UTF-16 units. */
  readonly at: number
  /** The limit that was passed, if that is the fault. */
  readonly limit?: { readonly name: 'depth' | 'values'; readonly maximum: number }
}

/** Whether a node is an object. */
export function isObject(node: JsonNode): node is ReadonlyMap<string, JsonNode> {
  return node instanceof Map
}
