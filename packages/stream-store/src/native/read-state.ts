import {
  coreError,
  err,
  ok,
  sha256Stream,
  toHex,
  attempt,
  thrownError,
  type AsyncResult,
  type CallOptions,
} from '@tidemark/core'
import type { Fault } from '../manifest/validate-manifest.ts'
import type { ReadStoreError } from '../store/store-errors.ts'
import { inPieces, readAhead } from '../state/pieces.ts'
import { damaged, rawPart, readParts, type StateSourcePlace } from '../state/read-slot.ts'
import type { StoredSlot, StoredState } from '../state/slot.ts'
import { blobKey, type Stored, type View } from './view.ts'

const utf8 = new TextEncoder()

/** Where the state of what is stored lies. */
export function placeOf(view: View, { entry }: Stored): StateSourcePlace {
  return { store: view.store, keys: entry.blobs.map(blobKey), checkpointId: entry.id }
}

/** The bytes of a slot, verified piece by piece. Throws a {@link ReadStoreError}. */
export async function* readSlot(
  view: View,
  stored: Stored,
  slot: StoredSlot,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  if ('inline' in slot.at) {
    yield inlineBytes(view, stored, slot.at.inline, slot.sizeBytes)
    return
  }
  yield* readParts(placeOf(view, stored), slot.at.parts, options)
}

/** The binary state as it lies there; whoever reads it checks its digest at the end. */
export async function* readRawState(
  view: View,
  stored: Stored,
  state: StoredState,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  if ('inline' in state.at) {
    yield inlineBytes(view, stored, state.at.inline, state.sizeBytes)
    return
  }
  const place = placeOf(view, stored)
  for (const part of state.at.parts) {
    let left = part.sizeBytes
    for await (const piece of readAhead(inPieces(rawPart(place, part, options)))) {
      left -= piece.length
      yield piece
    }
    if (left !== 0) throw damaged(place, part, 'it ended early')
  }
}

/** The whole binary state, verified before it is handed out. */
export async function loadState(
  view: View,
  stored: Stored,
  state: StoredState,
  maximum: number,
  options?: CallOptions,
): AsyncResult<Uint8Array, ReadStoreError> {
  if (state.sizeBytes > maximum) return err(tooLarge(state.sizeBytes, maximum))
  return attempt(
    async () => {
      const bytes = new Uint8Array(state.sizeBytes)
      const hash = sha256Stream()
      hash.update(utf8.encode(state.prefix))
      let at = 0
      for await (const piece of readRawState(view, stored, state, options)) {
        hash.update(piece)
        bytes.set(piece, at)
        at += piece.length
      }
      if (toHex(hash.digest()) === state.sha256) return bytes
      throw damaged(placeOf(view, stored), undefined, 'checksum mismatch')
    },
    thrownError<ReadStoreError>,
  )
}

/** A slot as one array. */
export async function loadSlot(
  view: View,
  stored: Stored,
  slot: StoredSlot,
  maximum: number,
  options?: CallOptions,
): AsyncResult<Uint8Array, ReadStoreError> {
  if (slot.sizeBytes > maximum) return err(tooLarge(slot.sizeBytes, maximum))
  return attempt(
    async () => {
      const bytes = new Uint8Array(slot.sizeBytes)
      let at = 0
      for await (const piece of readSlot(view, stored, slot, options)) {
        bytes.set(piece, at)
        at += piece.length
      }
      return bytes
    },
    thrownError<ReadStoreError>,
  )
}

/** Whether every blob is there and long enough: what can be told without reading. */
export async function findMissing(
  view: View,
  stored: Stored,
  options?: CallOptions,
): AsyncResult<{ fault: Fault; message: string } | undefined, ReadStoreError> {
  const { slots, state } = stored.record.body
  const ends = stored.entry.blobs.map(() => 0)
  for (const { at } of [...slots, ...(state === undefined ? [] : [state])]) {
    for (const part of 'parts' in at ? at.parts : []) {
      ends[part.blob] = Math.max(ends[part.blob] ?? 0, part.offset + part.sizeBytes)
    }
  }
  for (const [index, name] of stored.entry.blobs.entries()) {
    const info = await view.store.head(blobKey(name), options)
    if (!info.ok) return info
    if (info.value === undefined) {
      return ok({ fault: 'missing', message: `state blob ${name} not found` })
    }
    if (info.value.sizeBytes < (ends[index] ?? 0)) {
      return ok({ fault: 'corrupt', message: `state blob ${name} is too short` })
    }
  }
  return ok(undefined)
}

function inlineBytes(view: View, stored: Stored, at: number, sizeBytes: number): Uint8Array {
  const bytes = stored.record.inline.slice(at, at + sizeBytes)
  if (bytes.length === sizeBytes) return bytes
  throw damaged(placeOf(view, stored), undefined, 'its record is too short')
}

function tooLarge(actual: number, maximum: number): ReadStoreError {
  const message = `${actual} bytes are more than is given as one array; stream them`
  const details = { limit: 'buffered bytes', maximum, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}
