/** An element: its name without a namespace, its elements, its text. */
export interface XmlElement {
  readonly name: string
  readonly children: readonly XmlElement[]
  readonly text: string
}

/** A page lists 1 000 objects of some ten elements each. */
const MAX_ELEMENTS = 50_000

/** The answers of object stores are four deep. */
const MAX_DEPTH = 12

const TOKEN = /<(\/?)([A-Za-z_][\w.:-]{0,99})((?:\s[^<>]*)?)>|<\?[^<>]*\?>|([^<]+)/y

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
}

interface OpenElement {
  readonly name: string
  readonly children: XmlElement[]
  text: string
}

/**
 * Reads the XML that object stores speak: elements and text, the five predefined entities and
 * character references. No document type, no comments, no CDATA, and so no entity that grows.
 * Attributes are passed over. `undefined` for anything else, and for more than is reasonable.
 */
export function parseXml(source: string): XmlElement | undefined {
  const document: OpenElement = { name: '', children: [], text: '' }
  const open: OpenElement[] = [document]
  let elements = 0
  const token = new RegExp(TOKEN)
  while (token.lastIndex < source.length) {
    const found = token.exec(source)
    if (found === null) return undefined
    const [, slash, name, rest = '', text] = found
    const current = open.at(-1) ?? document
    if (text !== undefined) {
      const decoded = decodeText(text)
      if (decoded === undefined) return undefined
      current.text += decoded
    } else if (slash === '/') {
      const parent = open.at(-2)
      if (parent === undefined || current.name !== name) return undefined
      parent.children.push(close(current))
      open.pop()
    } else if (name !== undefined) {
      elements += 1
      if (elements > MAX_ELEMENTS || open.length > MAX_DEPTH) return undefined
      if (rest.endsWith('/')) current.children.push({ name: local(name), children: [], text: '' })
      else open.push({ name, children: [], text: '' })
    }
  }
  const [root, second] = document.children
  const isOne = open.length === 1 && second === undefined && document.text.trim() === ''
  return isOne ? root : undefined
}

/** The text of the first child of that name; empty when there is none. */
export function childText(element: XmlElement, name: string): string {
  return element.children.find((child) => child.name === name)?.text ?? ''
}

/** The children of that name. */
export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

/** Text as it stands between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

function close({ name, children, text }: OpenElement): XmlElement {
  return { name: local(name), children, text }
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function decodeText(text: string): string | undefined {
  let isSound = true
  const decoded = text.replace(/&([^;&]{0,12})(;?)/g, (_, body: string, end: string) => {
    const char = end === ';' ? decodeReference(body) : undefined
    if (char === undefined) isSound = false
    return char ?? ''
  })
  return isSound ? decoded : undefined
}

function decodeReference(body: string): string | undefined {
  const named = Object.hasOwn(ENTITIES, body) ? ENTITIES[body] : undefined
  if (named !== undefined) return named
  const digits = /^#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}))$/.exec(body)
  if (digits === null) return undefined
  const [, decimal, hex = ''] = digits
  const point = decimal === undefined ? parseInt(hex, 16) : Number(decimal)
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}
