import { equalTags, err, fromHex, ok, sha256, toHex } from '@tidemark/core'
import type { Layer } from '../layer.ts'
import { damaged } from '../refusal.ts'
import { sealedMessage } from '../seal/sealed-message.ts'

const ID = 'sha-256'

/**
 * Finds accidental damage without any key, whatever storage is below: `CORRUPTED` names the entry,
 * the others stay readable, and `verify()` sweeps them all. Core's own media do this already.
 *
 * Whoever can write to the medium can recompute a checksum: against that, use `hmac`.
 */
export function checksum(): Layer<'checksum'> {
  return {
    kind: 'checksum',
    id: ID,
    version: 1,
    seal: (facts) => ({ digest: toHex(sha256(sealedMessage(facts, '', ''))) }),
    verify: (facts, { digest }) => {
      const found = (typeof digest === 'string' ? fromHex(digest) : undefined) ?? new Uint8Array()
      const isWhole = equalTags(found, sha256(sealedMessage(facts, '', '')))
      return isWhole ? ok() : err(damaged(ID, facts, 'its checksum does not match'))
    },
  }
}
