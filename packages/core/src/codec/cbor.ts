import { decode, encode, rfc8949EncodeOptions } from 'cborg'
import {
  bigIntDecoder,
  bigNegIntDecoder,
  dateEncoder,
  mapDecoder,
  mapEncoder,
  setDecoder,
  setEncoder,
  structBigIntEncoder,
  TAG_BIGINT_NEG,
  TAG_BIGINT_POS,
  TAG_DATE_EPOCH,
  TAG_MAP,
  TAG_SET,
} from 'cborg/taglib'
import { coreError } from '../result/core-errors.ts'
import { err, ok } from '../result/result.ts'
import type { Codec } from './codec.ts'
import { findLoss, numberVerdict, stringVerdict, type LeafVerdict } from './find-loss.ts'

/** What CBOR holds beside JSON: bytes, bigint, dates, maps and sets, `undefined`, NaN. */
export type CborValue =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<CborValue, CborValue>
  | ReadonlySet<CborValue>
  | { readonly [key: string]: CborValue }

const ENCODE = {
  ...rfc8949EncodeOptions,
  typeEncoders: {
    Date: dateEncoder,
    bigint: structBigIntEncoder,
    Map: mapEncoder,
    Set: setEncoder,
  },
}

/** Only tags that stand for plain values: nothing that data names is ever constructed. */
const DECODE = {
  strict: true,
  allowIndefinite: false,
  rejectDuplicateMapKeys: true,
  tags: {
    [TAG_DATE_EPOCH]: (content: () => unknown) => dateOf(content()),
    [TAG_BIGINT_POS]: bigIntDecoder,
    [TAG_BIGINT_NEG]: bigNegIntDecoder,
    [TAG_MAP]: mapDecoder,
    [TAG_SET]: setDecoder,
  },
}

/**
 * CBOR (RFC 8949), encoded deterministically: equal values give equal bytes. Dates, bigints, maps
 * and sets come back as what they were (tags 1, 2, 3, 259, 258).
 *
 * @example
 * import { MemoryStorage, unwrap } from '@tidemark/core'
 * import { cbor } from '@tidemark/core/cbor'
 *
 * const storage = new MemoryStorage({ codecs: [cbor] })
 * const draft = unwrap(await storage.createCheckpoint('job'))
 * unwrap(await draft.put('seen', new Map([[1n, 'one']]), { codec: cbor }))
 * const saved = unwrap(await draft.commit())
 * unwrap(await saved.get('seen')) // => Map(1) { 1n => 'one' }
 */
export const cbor: Codec<CborValue, unknown> = {
  id: 'cbor',
  encode: (value) => {
    const found = findLoss(value, cborLeaf)
    if (found === undefined) return ok(encode(value, ENCODE))
    const { path, reason } = found
    const message = `CBOR cannot hold the value at ${path}: ${reason}`
    return err(coreError('ENCODE_FAILED', message, { codec: 'cbor', path, reason }))
  },
  decode: (bytes, what) => {
    try {
      const value: unknown = decode(bytes, DECODE)
      return ok(value)
    } catch (cause) {
      const details = { what, codec: 'cbor' }
      return err(coreError('DECODE_FAILED', `${what} cannot be decoded as CBOR`, details, cause))
    }
  },
}

function cborLeaf(value: unknown): LeafVerdict {
  if (typeof value === 'string') return stringVerdict(value)
  if (typeof value === 'number') return numberVerdict(value)
  if (typeof value === 'symbol' || typeof value === 'function') return { lost: typeof value }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 'kept'
  if (!(value instanceof Date)) return 'descend'
  if (Number.isNaN(value.getTime())) return { lost: 'an invalid date' }
  const kept = dateOf(value.getTime() / 1000).getTime() === value.getTime()
  return kept ? 'kept' : { lost: 'a date too far away to keep its milliseconds' }
}

/** A date of seconds since 1970: rounded, for a float of seconds is not exact to a millisecond. */
function dateOf(seconds: unknown): Date {
  if (typeof seconds === 'number') return new Date(Math.round(seconds * 1000))
  throw new TypeError('a date is a number of seconds')
}
