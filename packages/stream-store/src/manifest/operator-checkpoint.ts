import { err, ok, type Result } from '@tidemark/core'
import { fromBase64, toBase64 } from '../json/base64.ts'
import type { OperatorCheckpoint } from './manifest.ts'

/** Operator state up to this size goes into the manifest, in the original and here. */
export const INLINE_STATE_BYTES: number = 1024 * 1024

/** State in the manifest itself. Empty state is `''`, which is not the same as none. */
export function inlineState(bytes: Uint8Array): OperatorCheckpoint {
  return { stateB64: toBase64(bytes), external: false, externalOffset: 0n, externalLength: 0n }
}

/** State in a range of the binary state beside the manifest. */
export function externalState(offset: bigint, length: bigint): OperatorCheckpoint {
  return { stateB64: undefined, external: true, externalOffset: offset, externalLength: length }
}

/** Where the state of an operator went. */
export interface PlacedState {
  readonly operator: OperatorCheckpoint
  /** What is to be appended to the binary state, when it does not fit the manifest. */
  readonly stateBytes: Uint8Array | undefined
}

/** Puts state up to `thresholdBytes` inline, and more of it at `offset` of the binary state. */
export function placeState(
  bytes: Uint8Array,
  offset: bigint,
  thresholdBytes: number = INLINE_STATE_BYTES,
): PlacedState {
  if (bytes.length <= thresholdBytes) {
    return { operator: inlineState(bytes), stateBytes: undefined }
  }
  return { operator: externalState(offset, BigInt(bytes.length)), stateBytes: bytes }
}

/** The inline state; `undefined` when there is none here, an error when it is no base64. */
export function decodeInlineState(
  operator: OperatorCheckpoint,
): Result<Uint8Array | undefined, 'not base64'> {
  if (operator.external || operator.stateB64 === undefined) return ok(undefined)
  const bytes = fromBase64(operator.stateB64)
  return bytes === undefined ? err('not base64') : ok(bytes)
}
