import { coreError, err, hkdfSha256, ok, quote, type CoreError, type Result } from '@tidemark/core'

/** A secret shorter than this can be guessed, or is a pass phrase: those are no keys. */
const MIN_SECRET_BYTES = 32

/** Longer than any key; not a file by mistake. */
const MAX_SECRET_BYTES = 1024

/** Ids are recorded with everything a key seals, and shown in errors. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/

const SUB_KEY_BYTES = 32

const utf8 = new TextEncoder()

/** A secret with a name that may be told. */
export interface Key {
  /** 1 to 64 characters of `A-Z a-z 0-9 . _ : / -`. Recorded with the data. */
  readonly id: string
  /** At least 32 random bytes, from your secret store. */
  readonly secret: Uint8Array
}

/** The keys of a ring, by what they may still do. */
export interface KeyRingOptions {
  /** Seals and encrypts from now on. */
  readonly active: Key
  /** Read what they wrote earlier. */
  readonly decryptOnly?: readonly Key[]
  /** Known and no longer trusted: what they wrote is `UNKNOWN_KEY` with reason `revoked`. */
  readonly revoked?: readonly string[]
}

/**
 * Keys with ids: one writes, older ones read, revoked ones are refused. It never shows a secret:
 * not in `util.inspect`, not in JSON, not in an error. It never changes: rotate by making another.
 *
 * `INVALID_ARGUMENT` when a secret is too short or an id occurs twice.
 *
 * @example
 * import { randomBytes, unwrap } from '@tidemark/core'
 * import { keyRing } from '@tidemark/wrappers'
 *
 * const old = { id: '2025', secret: randomBytes(32) }
 * const ring = unwrap(keyRing({ active: { id: '2026', secret: randomBytes(32) }, decryptOnly: [old] }))
 * ring.activeId // => '2026'
 */
export function keyRing(options: KeyRingOptions): Result<KeyRing, CoreError<'INVALID_ARGUMENT'>> {
  const { active, decryptOnly = [], revoked = [] } = options
  const ids = [active, ...decryptOnly].map(({ id }) => id).concat(revoked)
  if (!ids.every((id) => ID.test(id))) {
    return err(invalid('id', 'a key id is 1 to 64 of A-Z a-z 0-9 . _ : / -'))
  }
  if (new Set(ids).size !== ids.length) return err(invalid('id', 'a key id occurs twice'))
  for (const { secret } of [active, ...decryptOnly]) {
    if (!(secret instanceof Uint8Array)) return err(invalid('secret', 'a secret is bytes'))
    if (secret.length < MIN_SECRET_BYTES || secret.length > MAX_SECRET_BYTES) {
      const reason = `a secret is ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`
      return err(invalid('secret', reason))
    }
  }
  return ok(new KeyRing(options))
}

/** Made by {@link keyRing}. */
export class KeyRing {
  /** The id of the key that writes. */
  readonly activeId: string
  readonly #secrets: ReadonlyMap<string, Uint8Array>
  readonly #revoked: ReadonlySet<string>

  constructor({ active, decryptOnly = [], revoked = [] }: KeyRingOptions) {
    this.activeId = active.id
    this.#secrets = new Map([active, ...decryptOnly].map(({ id, secret }) => [id, secret.slice()]))
    this.#revoked = new Set(revoked)
  }

  /**
   * A key of 32 bytes for one purpose, by HKDF-SHA-256: the secret itself is never handed out.
   * `UNKNOWN_KEY` when the id is not in the ring, or revoked.
   */
  subKey(
    id: string,
    purpose: string | Uint8Array,
    salt: Uint8Array = new Uint8Array(),
  ): Result<Uint8Array, CoreError<'UNKNOWN_KEY'>> {
    const secret = this.#secrets.get(id)
    if (secret === undefined) return err(this.#unknown(id))
    const info = typeof purpose === 'string' ? utf8.encode(purpose) : purpose
    return ok(hkdfSha256(secret, salt, info, SUB_KEY_BYTES))
  }

  /** The ids, by state. */
  toJSON(): { active: string; decryptOnly: string[]; revoked: string[] } {
    const decryptOnly = [...this.#secrets.keys()].filter((id) => id !== this.activeId)
    return { active: this.activeId, decryptOnly, revoked: [...this.#revoked] }
  }

  #unknown(id: string): CoreError<'UNKNOWN_KEY'> {
    const isRevoked = this.#revoked.has(id)
    const state = isRevoked ? 'revoked' : 'not in the ring'
    const message = `the key ${quote(id)} is ${state}`
    return coreError('UNKNOWN_KEY', message, {
      keyId: id,
      reason: isRevoked ? 'revoked' : 'absent',
    })
  }
}

function invalid(argument: string, reason: string): CoreError<'INVALID_ARGUMENT'> {
  return coreError('INVALID_ARGUMENT', `not a key ring: ${reason}`, { argument, reason })
}
