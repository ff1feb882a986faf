import { sha256 } from '#digest'
import { toHex } from '../digest/hex.ts'

/**
 * The bytes of a record, version 1, all numbers big-endian:
 *
 * | offset | bytes | |
 * |---|---|---|
 * | 0 | 4 | `TMLR` for a record, `TMLF` for a floor |
 * | 4 | 1 | version, 1 |
 * | 5 | 3 | zero |
 * | 8 | 8 | number of the record |
 * | 16 | 8 | epoch: number of the owner record it was appended under, 0 without |
 * | 24 | 16 | nonce of the append |
 * | 40 | 32 | digest of the record before, zeros for the first |
 * | 72 | 4 | length of the payload |
 * | 76 | n | payload |
 * | 76 + n | 32 | SHA-256 of everything before: the digest of this record |
 */
export interface Frame {
  readonly kind: FrameKind
  readonly seq: number
  readonly epoch: number
  readonly nonce: Uint8Array
  readonly predecessor: Uint8Array
  readonly payload: Uint8Array
}

/** What a frame holds. */
export type FrameKind = 'record' | 'floor'

/** Bytes of a frame that are not payload. */
export const FRAME_OVERHEAD_BYTES = 108

/** Bytes of the nonce of an append. */
export const NONCE_BYTES = 16

/** A payload is read whole into memory: larger things are staged beside the log. */
export const MAX_PAYLOAD_BYTES: number = 16 * 1024 * 1024

/** The predecessor of a first record. */
export const NO_PREDECESSOR: Uint8Array = new Uint8Array(32)

const VERSION = 1
const HEADER_BYTES = 76
const DIGEST_BYTES = 32
const MAGIC: Readonly<Record<FrameKind, number>> = { record: 0x544d4c52, floor: 0x544d4c46 }

/** A frame with its digest. */
export interface DecodedFrame extends Frame {
  /** SHA-256 as 64 lower-case hex digits. */
  readonly digest: string
}

/** What is wrong with bytes that should be a frame. */
export interface FrameFault {
  readonly fault: string
  /** The version found, when that is the fault. */
  readonly version?: number
}

/** Lays a frame out in bytes. */
export function encodeFrame(frame: Frame): Uint8Array {
  const end = HEADER_BYTES + frame.payload.length
  const bytes = new Uint8Array(end + DIGEST_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC[frame.kind])
  view.setUint8(4, VERSION)
  view.setBigUint64(8, BigInt(frame.seq))
  view.setBigUint64(16, BigInt(frame.epoch))
  bytes.set(frame.nonce, 24)
  bytes.set(frame.predecessor, 40)
  view.setUint32(72, frame.payload.length)
  bytes.set(frame.payload, HEADER_BYTES)
  bytes.set(sha256(bytes.subarray(0, end)), end)
  return bytes
}

/** Reads a frame; every byte is checked before any is believed. */
export function decodeFrame(kind: FrameKind, bytes: Uint8Array): DecodedFrame | FrameFault {
  if (bytes.length < FRAME_OVERHEAD_BYTES) return { fault: 'too short for a record' }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0) !== MAGIC[kind]) return { fault: `not a ${kind}` }
  const version = view.getUint8(4)
  if (version > VERSION) return { fault: `written by version ${version}`, version }
  const end = bytes.length - DIGEST_BYTES
  const digest = sha256(bytes.subarray(0, end))
  if (!equalBytes(digest, bytes.subarray(end))) return { fault: 'its digest does not match' }
  const [seq, epoch] = [Number(view.getBigUint64(8)), Number(view.getBigUint64(16))]
  const isNumbered = Number.isSafeInteger(seq) && Number.isSafeInteger(epoch)
  if (version === 0 || !isNumbered || view.getUint32(72) !== end - HEADER_BYTES) {
    return { fault: 'its header contradicts itself' }
  }
  return {
    kind,
    seq,
    epoch,
    nonce: bytes.slice(24, 40),
    predecessor: bytes.slice(40, 72),
    payload: bytes.slice(HEADER_BYTES, end),
    digest: toHex(digest),
  }
}

/** Whether two pieces of bytes are the same. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
