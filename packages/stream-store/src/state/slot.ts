/** A named piece of state: of an operator, or of one partition of a keyed operator. */
export interface Slot {
  readonly operator: string
  /** The partition; absent for state that is not keyed. */
  readonly vnode?: number
}

/** A slot, or the name of an operator whose state is not keyed. */
export type SlotName = Slot | string

/** What is known of a slot without its bytes. */
export interface SlotInfo extends Slot {
  readonly sizeBytes: number
}

/** Where the bytes of a slot are, and what they must be. */
export interface StoredSlot extends SlotInfo {
  /** In the record itself; or in blobs, in order. */
  readonly at: { readonly inline: number } | { readonly parts: readonly SlotPart[] }
}

/** A part of a slot: a range of one blob, in pieces of 1 MiB (the last one shorter). */
export interface SlotPart {
  /** Which blob, by its place in the checkpoint's list of blobs. */
  readonly blob: number
  readonly offset: number
  readonly sizeBytes: number
  /** SHA-256 of each piece, hex. Nothing is handed out before its piece was verified. */
  readonly pieces: readonly string[]
}

/** Binary state as the original knows it: one run of bytes with one checksum over all of it. */
export interface StoredState {
  readonly sizeBytes: number
  readonly at: { readonly inline: number } | { readonly parts: readonly SlotPart[] }
  /** SHA-256 over `prefix` (hex of the inline digest, or nothing) and then the bytes. */
  readonly sha256: string
  readonly prefix: string
}

/** A piece is what is verified before any of it is handed out, and what is held in memory. */
export const PIECE_BYTES: number = 1024 * 1024

/** A slot up to this size lies in the record: a small checkpoint is one durable put. */
export const INLINE_SLOT_BYTES: number = 64 * 1024

/** What lies in one record in all; past it, slots go to blobs whatever their size. */
export const INLINE_TOTAL_BYTES: number = 1024 * 1024

/** A blob ends here, so that no medium's limit on parts is ever met. */
export const MAX_BLOB_BYTES: number = 1024 * 1024 * 1024

/** What is given as one array is at most this, unless said otherwise. */
export const MAX_BUFFERED_BYTES: number = 256 * 1024 * 1024

/** The slot that a name stands for. */
export function slotOf(name: SlotName): Slot {
  return typeof name === 'string' ? { operator: name } : name
}

/** One string for each slot, for maps and messages: `window`, or `window[17]`. */
export function slotKey({ operator, vnode }: Slot): string {
  return vnode === undefined ? JSON.stringify(operator) : `${JSON.stringify(operator)}[${vnode}]`
}
