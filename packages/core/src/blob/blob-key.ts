import { coreError, type CoreError } from '../result/core-errors.ts'
import { quote } from '../result/error.ts'

/** Keys of this length work on every medium. */
export const MAX_KEY_BYTES = 512

/** A segment becomes a file name: 255 bytes on common file systems, less what a temporary adds. */
const MAX_SEGMENT_BYTES = 200

/** Lower case only (volumes that fold case), no dot at either end (hidden files, Windows). */
const SEGMENT = /^[a-z0-9_-](?:[a-z0-9._-]*[a-z0-9_-])?$/

/** Names that Windows gives to devices, with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/

/**
 * Whether a string is a blob key: `/`-separated segments of `a-z 0-9 . _ -` that are safe file
 * names everywhere, at most 200 bytes each and 512 together. No key may lie below another
 * (`a` and `a/b`): on a file system one would be a directory.
 *
 * @example
 * import { isBlobKey } from '@tidemark/core'
 *
 * isBlobKey('jobs/n-import.r1') // => true
 * isBlobKey('../secrets') // => false
 */
export function isBlobKey(key: string): boolean {
  return key.length <= MAX_KEY_BYTES && key.split('/').every(isSegment)
}

/** Whether a string is one segment of a blob key. */
export function isSegment(segment: string): boolean {
  return segment.length <= MAX_SEGMENT_BYTES && SEGMENT.test(segment) && !DEVICE.test(segment)
}

/** The error for a key that is none, or too long for its medium, or `undefined`. */
export function keyError(
  key: string,
  maxKeyBytes: number = MAX_KEY_BYTES,
): CoreError<'INVALID_ARGUMENT'> | undefined {
  if (isBlobKey(key)) return key.length <= maxKeyBytes ? undefined : tooLongError(key, maxKeyBytes)
  return coreError('INVALID_ARGUMENT', `${quote(key)} is not a blob key`, {
    argument: 'key',
    reason: 'a key is segments of a-z 0-9 . _ - joined by /',
  })
}

function tooLongError(key: string, maxKeyBytes: number): CoreError<'INVALID_ARGUMENT'> {
  const reason = `a key of this medium has at most ${maxKeyBytes} bytes`
  const message = `a key of ${key.length} bytes is too long`
  return coreError('INVALID_ARGUMENT', message, { argument: 'key', reason })
}
