import type { JsonNode } from '../json/json-node.ts'
import type { SlotPart, StoredSlot, StoredState } from '../state/slot.ts'
import type { Entry, Head } from './head.ts'
import type { Body } from './record.ts'

/** The head as JSON. Integers are integers, however large. */
export function headToJson(head: Head): JsonNode {
  return fields({
    storeId: head.storeId,
    nextId: head.nextId,
    nextEpoch: head.nextEpoch,
    entries: head.entries.map(entryToJson),
    segments: head.segments.map((segment) =>
      fields({
        seq: BigInt(segment.seq),
        firstId: segment.firstId,
        lastId: segment.lastId,
        count: BigInt(segment.count),
        lowestSeq: BigInt(segment.lowestSeq),
      }),
    ),
    garbage: head.garbage.map(({ id, blobs, sinceMs }) =>
      fields({ id, blobs, sinceMs: BigInt(sinceMs) }),
    ),
    skipped: head.skipped.map(BigInt),
  })
}

/** The body as JSON, its manifest under the original's names. */
export function bodyToJson(body: Body, manifest: JsonNode): JsonNode {
  return fields({
    manifest,
    slots: body.slots.map(slotToJson),
    state: body.state === undefined ? null : stateToJson(body.state),
    segment: body.segment.map(entryToJson),
  })
}

function entryToJson(entry: Entry): JsonNode {
  return fields({
    id: entry.id,
    epoch: entry.epoch,
    status: entry.status,
    seq: BigInt(entry.seq),
    blobs: entry.blobs,
    bytes: BigInt(entry.bytes),
    createdMs: BigInt(entry.createdMs),
  })
}

function slotToJson({ operator, vnode, sizeBytes, at }: StoredSlot): JsonNode {
  return fields({
    operator,
    vnode: vnode === undefined ? null : BigInt(vnode),
    sizeBytes: BigInt(sizeBytes),
    ...placeToJson(at),
  })
}

function stateToJson({ sizeBytes, at, sha256, prefix }: StoredState): JsonNode {
  return fields({ sizeBytes: BigInt(sizeBytes), sha256, prefix, ...placeToJson(at) })
}

function placeToJson(at: StoredSlot['at']): Record<string, JsonNode> {
  if ('inline' in at) return { inline: BigInt(at.inline), parts: null }
  return { inline: null, parts: at.parts.map(partToJson) }
}

function partToJson({ blob, offset, sizeBytes, pieces }: SlotPart): JsonNode {
  return fields({
    blob: BigInt(blob),
    offset: BigInt(offset),
    sizeBytes: BigInt(sizeBytes),
    pieces,
  })
}

/** Only ever given literals: no name in it comes from outside. */
function fields(named: Record<string, JsonNode>): JsonNode {
  return new Map(Object.entries(named))
}
