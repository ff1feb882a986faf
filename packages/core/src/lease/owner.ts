import { randomBytes } from '#digest'
import { toHex } from '../digest/hex.ts'
import { decodeJson, encodeJson, isJsonObject } from '../storage/json.ts'
import { unwrapOr } from '../result/result.ts'

/** Who holds a lease or a pin, as others read it. */
export interface Owner {
  /** For people: a host name and a process number. */
  readonly label: string
  /** Differs for every handle that ever was. */
  readonly token: string
  /** What tells a process on this machine from any other, ever; absent where unknown. */
  readonly process?: string
}

/**
 * What a platform knows of processes. `file` gives the one of Node; without one, only silence
 * tells that an owner is gone.
 */
export interface ProcessProbe {
  readonly label: string
  /** This process, for `isGone`. */
  readonly process: string
  /** Whether a process of this machine has certainly ended. `false` when in doubt. */
  readonly isGone: (process: string) => boolean
}

/** A new owner of this process. */
export function newOwner(probe: ProcessProbe | undefined): Owner {
  const token = toHex(randomBytes(8))
  if (probe === undefined) return { label: 'a process', token }
  return { label: probe.label, token, process: probe.process }
}

/** An owner as bytes, with whatever else its record says. */
export function encodeOwner(
  owner: Owner,
  more: { readonly [key: string]: number | readonly number[] },
): Uint8Array {
  const { label, token, process } = owner
  const json = encodeJson({ label, token, ...(process === undefined ? {} : { process }), ...more })
  return unwrapOr(json, new Uint8Array())
}

/** Reads an owner; a damaged one is somebody unknown. */
export function decodeOwner(bytes: Uint8Array): Owner {
  const json = decodeJson(bytes, 'the owner')
  const fields = json.ok && isJsonObject(json.value) ? json.value : {}
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    return typeof value === 'string' && value.length <= 1000 ? value : undefined
  }
  const process = text('process')
  const owner = { label: text('label') ?? 'an unknown process', token: text('token') ?? '' }
  return process === undefined ? owner : { ...owner, process }
}
