/** Where in a value, and why, an encoding would silently change or drop something. */
export interface Loss {
  /** `$` for the value itself, `$["a"][0]` for a place in it. */
  readonly path: string
  readonly reason: string
}

/** What an encoding does with a value that it may not have to look into. */
export type LeafVerdict = 'kept' | 'descend' | { readonly lost: string }

/** Deeper values are refused: every walk over them stays within the stack. */
export const MAX_DEPTH = 1000

/**
 * Looks through a value for what an encoding cannot hold; `leaf` knows the encoding. Arrays, plain
 * objects, maps and sets are looked into.
 */
export function findLoss(value: unknown, leaf: (value: unknown) => LeafVerdict): Loss | undefined {
  const found = walk(value, leaf, [])
  return found === undefined ? undefined : { ...found, path: `$${found.path}` }
}

/** Strings survive when they are well-formed. */
export function stringVerdict(value: string): LeafVerdict {
  return value.isWellFormed() ? 'kept' : { lost: 'a lone surrogate' }
}

/** Numbers survive but for the sign of zero. */
export function numberVerdict(value: number): LeafVerdict {
  return Object.is(value, -0) ? { lost: '-0' } : 'kept'
}

/** The path is put together on the way back up, so that a value without loss costs no strings. */
function walk(
  value: unknown,
  leaf: (value: unknown) => LeafVerdict,
  above: object[],
): Loss | undefined {
  const verdict = leaf(value)
  if (verdict === 'kept') return undefined
  if (verdict !== 'descend') return because(verdict.lost)
  if (typeof value !== 'object' || value === null) return because(typeof value)
  if (above.includes(value)) return because('a cycle')
  if (above.length >= MAX_DEPTH) return because(`deeper than ${MAX_DEPTH}`)
  above.push(value)
  const found = inside(value, (part) => walk(part, leaf, above))
  above.pop()
  return found
}

type Walk = (part: unknown) => Loss | undefined

function inside(value: object, go: Walk): Loss | undefined {
  if (Array.isArray(value)) return arrayLoss(value, go)
  if (value instanceof Map || value instanceof Set) return collectionLoss(value, go)
  return objectLoss(value, go)
}

function because(reason: string): Loss {
  return { path: '', reason }
}

function arrayLoss(array: readonly unknown[], go: Walk): Loss | undefined {
  for (let i = 0; i < array.length; i++) {
    const found = i in array ? go(array[i]) : because('a hole in an array')
    if (found !== undefined) return { ...found, path: `[${i}]${found.path}` }
  }
  return Object.keys(array).length === array.length
    ? undefined
    : because('an array with named properties')
}

function collectionLoss(
  collection: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  go: Walk,
): Loss | undefined {
  let i = 0
  for (const pair of collection.entries()) {
    for (const part of pair) {
      const found = go(part)
      if (found !== undefined) return { ...found, path: `[${i}]${found.path}` }
    }
    i += 1
  }
  return undefined
}

function objectLoss(object: object, go: Walk): Loss | undefined {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) {
    return because(`an instance of ${className(prototype)}`)
  }
  if (Object.getOwnPropertySymbols(object).length > 0) return because('a symbol key')
  if ('toJSON' in object && typeof object.toJSON === 'function') return because('a toJSON method')
  for (const [key, value] of Object.entries(object)) {
    const found = key.isWellFormed() ? go(value) : because('a lone surrogate')
    if (found !== undefined) return { ...found, path: `[${JSON.stringify(key)}]${found.path}` }
  }
  return undefined
}

/** The name behind a prototype, which may be anything: a value is not trusted to be well-made. */
function className(prototype: unknown): string {
  const made: unknown = Object.getOwnPropertyDescriptor(Object(prototype), 'constructor')?.value
  return typeof made === 'function' ? made.name : 'a class without a name'
}
