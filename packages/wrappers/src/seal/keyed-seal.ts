import {
  addDetails,
  equalTags,
  err,
  fromHex,
  hmacSha256,
  ok,
  toHex,
  unwrap,
  type JsonObject,
} from '@tidemark/core'
import type { Layer, SealedFacts } from '../layer.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { forged } from '../refusal.ts'
import { sealedMessage } from './sealed-message.ts'

/** What a keyed seal is made with. */
export interface KeyedSealOptions {
  readonly layer: string
  readonly ring: KeyRing
  /** What the sub-key is for: two layers never share one. */
  readonly purpose: string
  readonly namespace: string
}

/**
 * HMAC-SHA-256 over everything that a checkpoint says, as `{ key, tag }`: the id of the key, and
 * the whole tag in hex.
 */
export function keyedSeal(options: KeyedSealOptions): Required<Pick<Layer, 'seal' | 'verify'>> {
  const { layer, ring, purpose, namespace } = options
  const tagOf = (facts: SealedFacts, id: string, subKey: Uint8Array): Uint8Array =>
    hmacSha256(subKey, sealedMessage(facts, namespace, id))
  return {
    seal: (facts) => {
      // The active key is in its ring, always.
      const subKey = unwrap(ring.subKey(ring.activeId, purpose))
      return { key: ring.activeId, tag: toHex(tagOf(facts, ring.activeId, subKey)) }
    },
    verify: (facts, { key, tag }: JsonObject) => {
      if (typeof key !== 'string' || typeof tag !== 'string') {
        return err(forged(layer, facts, 'it has no seal'))
      }
      const subKey = ring.subKey(key, purpose)
      if (!subKey.ok) return err(addDetails(subKey.error, { layer }))
      const found = fromHex(tag) ?? new Uint8Array()
      const isOurs = equalTags(found, tagOf(facts, key, subKey.value))
      return isOurs ? ok() : err(forged(layer, facts, 'its seal does not match'))
    },
  }
}
