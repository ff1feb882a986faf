import { json, type JsonValue, type Predecessor } from '@tidemark/core'

/** What an owner wrote down of itself. */
export interface OwnerName {
  readonly label: string
  /** The owner before, if that had not let go. */
  readonly takenOverFrom: Predecessor | undefined
}

/** Reads the owner record of a lease; whatever makes no sense is somebody unknown's. */
export function decodeOwner(payload: Uint8Array): OwnerName {
  const decoded = json.decode(payload, 'the owner')
  const owner = decoded.ok ? decoded.value : undefined
  const before = fieldOf(owner, 'takenOverFrom')
  const epoch = fieldOf(before, 'epoch')
  return {
    label: labelOf(owner),
    takenOverFrom: typeof epoch === 'number' ? { label: labelOf(before), epoch } : undefined,
  }
}

function labelOf(owner: JsonValue | undefined): string {
  const label = fieldOf(owner, 'label')
  return typeof label === 'string' ? label : 'unknown'
}

function fieldOf(json: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, name)) return undefined
  return new Map(Object.entries<JsonValue>(json)).get(name)
}
