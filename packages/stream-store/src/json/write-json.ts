import { isObject, type JsonNode } from './json-node.ts'

/** Writes JSON without spaces. */
export function writeJson(node: JsonNode): string {
  if (typeof node === 'string') return JSON.stringify(node)
  if (typeof node !== 'object' || node === null) return String(node)
  if (isObject(node)) {
    const fields = [...node].map(([name, value]) => `${JSON.stringify(name)}:${writeJson(value)}`)
    return `{${fields.join(',')}}`
  }
  return isList(node) ? `[${node.map(writeJson).join(',')}]` : '{}'
}

/** Writes JSON as the original does: two spaces for each level, no newline at the end. */
export function writePrettyJson(node: JsonNode, indent = ''): string {
  const inner = `${indent}  `
  if (isObject(node) && node.size > 0) {
    const fields = [...node].map(
      ([name, value]) => `${inner}${JSON.stringify(name)}: ${writePrettyJson(value, inner)}`,
    )
    return `{\n${fields.join(',\n')}\n${indent}}`
  }
  if (isList(node) && node.length > 0) {
    const items = node.map((value) => inner + writePrettyJson(value, inner))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  return writeJson(node)
}

function isList(node: JsonNode): node is readonly JsonNode[] {
  return Array.isArray(node)
}
