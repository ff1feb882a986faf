import { err, ok, type Result } from '@tidemark/core'
import type { JsonFault, JsonLimits, JsonNode } from './json-node.ts'

/** No number in any of our formats has more digits; longer ones take quadratic time to convert. */
const MAX_NUMBER_LENGTH = 40

const SPACE = /[ \t\n\r]*/y
/* oxlint-disable no-control-regex -- the characters that JSON refuses in a string */
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y
const ESCAPED_TEXT = /(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
/* oxlint-enable no-control-regex */
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

/**
 * Reads a JSON text strictly: integers exactly, no key twice, nothing after the value, no lone
 * surrogate, within limits.
 */
export function parseJson(text: string, limits: JsonLimits): Result<JsonNode, JsonFault> {
  const parser = new Parser(text, limits)
  try {
    return ok(parser.document())
  } catch (error) {
    if (error instanceof Stop) return err(error.fault)
    throw error
  }
}

/** Unwinds the recursion; never leaves this file. */
class Stop extends Error {
  readonly fault: JsonFault

  constructor(fault: JsonFault) {
    super(fault.reason)
    this.fault = fault
  }
}

class Parser {
  readonly #text: string
  readonly #limits: JsonLimits
  #at = 0
  #values = 0

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  document(): JsonNode {
    const value = this.#value(0)
    this.#skipSpace()
    if (this.#at < this.#text.length) this.#fail('something follows the value')
    return value
  }

  #value(depth: number): JsonNode {
    this.#skipSpace()
    this.#values += 1
    if (this.#values > this.#limits.values) this.#pass('values')
    const first = this.#text[this.#at]
    if (first === '{') return this.#object(depth + 1)
    if (first === '[') return this.#list(depth + 1)
    if (first === '"') return this.#string()
    if (first === 't') return this.#word('true', true)
    if (first === 'f') return this.#word('false', false)
    if (first === 'n') return this.#word('null', null)
    return this.#number()
  }

  #object(depth: number): JsonNode {
    this.#open(depth)
    const fields = new Map<string, JsonNode>()
    if (this.#skip('}')) return fields
    do {
      this.#skipSpace()
      const name = this.#string()
      if (fields.has(name)) this.#fail('a key stands twice in one object')
      this.#expect(':')
      fields.set(name, this.#value(depth))
    } while (this.#skip(','))
    this.#expect('}')
    return fields
  }

  #list(depth: number): JsonNode {
    this.#open(depth)
    const items: JsonNode[] = []
    if (this.#skip(']')) return items
    do items.push(this.#value(depth))
    while (this.#skip(','))
    this.#expect(']')
    return items
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') this.#fail('a string is expected')
    const start = this.#at
    this.#at += 1
    this.#match(PLAIN_TEXT)
    const isPlain = this.#text[this.#at] === '"'
    if (!isPlain) this.#match(ESCAPED_TEXT)
    if (this.#text[this.#at] !== '"') this.#fail('a string is malformed or does not end')
    this.#at += 1
    const quoted = this.#text.slice(start, this.#at)
    if (isPlain) return quoted.slice(1, -1)
    const decoded: unknown = JSON.parse(quoted)
    if (typeof decoded === 'string' && decoded.isWellFormed()) return decoded
    return this.#fail('a string holds half a character')
  }

  #number(): bigint | number {
    const digits = this.#match(NUMBER)
    if (digits === '') this.#fail('a value is expected')
    if (digits.length > MAX_NUMBER_LENGTH) this.#fail('a number is too long')
    return /^-?[0-9]+$/.test(digits) ? BigInt(digits) : Number(digits)
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('a value is expected')
    this.#at += word.length
    return value
  }

  #open(depth: number): void {
    if (depth > this.#limits.depth) this.#pass('depth')
    this.#at += 1
  }

  #skip(char: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#at] !== char) return false
    this.#at += 1
    return true
  }

  #expect(char: string): void {
    if (!this.#skip(char)) this.#fail(`${char} is expected`)
  }

  #skipSpace(): void {
    this.#match(SPACE)
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at
    const [found = ''] = pattern.exec(this.#text) ?? []
    this.#at += found.length
    return found
  }

  #fail(reason: string): never {
    throw new Stop({ reason, at: this.#at })
  }

  #pass(name: 'depth' | 'values'): never {
    const maximum = this.#limits[name]
    const limit = { name, maximum }
    throw new Stop({ reason: `more than ${maximum} in ${name}`, at: this.#at, limit })
  }
}
