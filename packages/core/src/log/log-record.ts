import { sha256 } from '#digest'
import { fromHex, toHex } from '../digest/hex.ts'
import { coreError, type CoreError } from '../result/core-errors.ts'
import type { LogRecord, Seq, Tip } from './commit-log.ts'
import { NO_PREDECESSOR, type DecodedFrame, type Frame, type FrameFault } from './frame.ts'

/** A record as the log hands it out. The one place where tips come from. */
export function recordOf(frame: Frame & { readonly digest: string }): LogRecord {
  const { seq, epoch, digest, payload } = frame
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand of a tip
  return { seq, epoch, digest, payload } as LogRecord
}

/** The tip that a damaged record is: it keeps its number, its bytes as found are its digest. */
export function damagedTip(seq: Seq, bytes: Uint8Array): Tip {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the brand of a tip
  return { seq, digest: toHex(sha256(bytes)) } as Tip
}

/** What the record after a tip says about its predecessor. */
export function predecessorOf(after: Tip | undefined): Uint8Array {
  return (after === undefined ? undefined : fromHex(after.digest)) ?? NO_PREDECESSOR
}

/** The error for a blob that is no whole frame. */
export function faultError(
  key: string,
  seq: Seq,
  fault: FrameFault,
): CoreError<'CORRUPTED' | 'UNSUPPORTED_VERSION'> {
  if (fault.version !== undefined) {
    const details = { what: 'record', found: fault.version, supported: 1 }
    const message = `${key} was written by a newer version; upgrade to read it`
    return coreError('UNSUPPORTED_VERSION', message, details)
  }
  const details = { what: 'record', reason: fault.fault, key, seq }
  return coreError('CORRUPTED', `${key} is damaged: ${fault.fault}`, details)
}

/** A frame under the wrong number is as damaged as any. */
export function checkNumber(frame: DecodedFrame | FrameFault, seq: Seq): DecodedFrame | FrameFault {
  if ('fault' in frame || frame.seq === seq) return frame
  return { fault: `it is record ${frame.seq}` }
}
