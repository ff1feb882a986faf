import { compareNames, sha256, sha256Stream, toHex, type Sha256 } from '@tidemark/core'
import type { CheckpointManifest } from './manifest.ts'

/** By which of the original's rules a checksum came out right. */
export type ChecksumRule = 'absent' | 'state' | 'inline' | 'mixed' | 'seed'

const utf8 = new TextEncoder()
const ZERO = new Uint8Array(1)

/**
 * SHA-256 over the operators that keep their state in the manifest: name, zero, base64 text, zero,
 * in the order of the names' UTF-8 bytes. 64 hex digits; `undefined` when there are none.
 */
export function inlineDigest(manifest: CheckpointManifest): string | undefined {
  const inline = [...manifest.operatorStates]
    .filter(([, { external }]) => !external)
    .sort(([a], [b]) => compareNames(a, b))
  if (inline.length === 0) return undefined
  const hash = sha256Stream()
  for (const [name, { stateB64 }] of inline) {
    for (const part of [utf8.encode(name), ZERO, utf8.encode(stateB64 ?? ''), ZERO]) {
      hash.update(part)
    }
  }
  return toHex(hash.digest())
}

/**
 * The checksum over binary state beside a manifest, begun: the hex digits of the inline digest come
 * first where there is one, as the newer of the original's two rules has it.
 */
export function beginStateChecksum(manifest: CheckpointManifest): Sha256 {
  const hash = sha256Stream()
  const inline = inlineDigest(manifest)
  if (inline !== undefined) hash.update(utf8.encode(inline))
  return hash
}

/** The manifest that is written when there is no binary state: all-inline state gets a checksum. */
export function stampInline(manifest: CheckpointManifest): CheckpointManifest {
  const operators = [...manifest.operatorStates.values()]
  const isInline = operators.length > 0 && operators.every(({ external }) => !external)
  if (!isInline || manifest.stateChecksum !== undefined) return manifest
  return { ...manifest, stateChecksum: inlineDigest(manifest) }
}

/** Whether the binary state is part of what the checksum covers, as far as the manifest tells. */
export function needsState(manifest: CheckpointManifest): boolean {
  const operators = [...manifest.operatorStates.values()]
  return operators.length === 0 || operators.some(({ external }) => external)
}

/** Compares a manifest's checksum with its state by every rule that the original ever wrote. */
export class ChecksumVerifier {
  readonly #expected: string | undefined
  readonly #inline: string | undefined
  readonly #plain = sha256Stream()
  readonly #mixed: Sha256 | undefined

  constructor(manifest: CheckpointManifest) {
    this.#expected = manifest.stateChecksum
    this.#inline = inlineDigest(manifest)
    if (this.#inline !== undefined) this.#mixed = beginStateChecksum(manifest)
  }

  /** Takes the next bytes of state. */
  update(bytes: Uint8Array): void {
    this.#plain.update(bytes)
    this.#mixed?.update(bytes)
  }

  /** The rule that matches; without any the digest that was found instead. */
  finish(hasState: boolean): { readonly rule: ChecksumRule } | { readonly found: string } {
    if (this.#expected === undefined) return { rule: 'absent' }
    const inline = this.#inline ?? toHex(sha256(new Uint8Array()))
    if (!hasState) return this.#expected === inline ? { rule: 'inline' } : { found: inline }
    const plain = toHex(this.#plain.digest())
    if (this.#mixed === undefined) {
      return this.#expected === plain ? { rule: 'state' } : { found: plain }
    }
    const mixed = toHex(this.#mixed.digest())
    if (this.#expected === mixed) return { rule: 'mixed' }
    return this.#expected === plain ? { rule: 'seed' } : { found: mixed }
  }
}
