import type { Layer } from '../layer.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { keyedSeal } from '../seal/keyed-seal.ts'

/** Options of every layer with a key. */
export interface KeyedOptions {
  /**
   * A name for whose data this is, if several share keys: checkpoints sealed under one name are
   * refused under another, even if the whole place is copied. Not recorded. Default: empty.
   */
  readonly namespace?: string
}

/** Options of {@link hmac}. */
export interface HmacOptions extends KeyedOptions {
  /**
   * Keeps a sealed list of all checkpoints, so that `verifyStorage` sees one that was deleted or put
   * back. Every commit and removal then costs a second commit; everybody who writes must say the
   * same. Default `false`.
   */
  readonly index?: boolean
}

const ID = 'hmac-sha-256'

/**
 * Seals each checkpoint as a whole: one HMAC-SHA-256 over its identifier, generation, predecessor,
 * metadata and every entry, checked before any value is decoded.
 *
 * Whoever can write to the medium but has no key can delete and put back whole states, and nothing
 * else: changing, swapping, adding, removing, copying or cutting anything is
 * `AUTHENTICATION_FAILED`. A seal by a key that is not in the ring is `UNKNOWN_KEY`. An old state put
 * back is refused by `loadCheckpoint(id, { minGeneration })`.
 *
 * @example
 * import { MemoryStorage, randomBytes, unwrap } from '@tidemark/core'
 * import { hmac, keyRing, stack } from '@tidemark/wrappers'
 *
 * const ring = unwrap(keyRing({ active: { id: '2026', secret: randomBytes(32) } }))
 * const storage = unwrap(await stack(new MemoryStorage(), hmac(ring)))
 * unwrap(await storage.save('settings', { theme: 'dark' })).generation // => 1
 */
export function hmac(ring: KeyRing, options: HmacOptions = {}): Layer<'seal'> {
  const { namespace = '', index = false } = options
  return {
    kind: 'seal',
    id: ID,
    version: 1,
    isIndexed: index,
    ...keyedSeal({ layer: ID, ring, purpose: 'ckpt/mac/v1', namespace }),
  }
}
