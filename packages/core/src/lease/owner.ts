import { randomBytes } from '#digest'
import { toHex } from '../digest/hex.ts'
import { decodeJson, encodeJson, isJsonObject, type JsonObject } from '../storage/json.ts'
import { unwrap } from '../result/result.ts'

/** Who holds a lease or a pin, as others read it. */
export interface Owner {
  /** For people: a host name and a process number. */
  readonly label: string
  /** Differs for every handle that ever was. */
  readonly token: string
  /** What tells a process on this machine from any other, ever; absent where unknown. */
  readonly process?: string
  /** How long this owner may be silent before it is taken to be gone. It promises to beat faster. */
  readonly staleAfterMs: number
}

/** Silence that is waited for at most, whatever a record says. */
const MAX_STALE_AFTER_MS = 3_600_000

/** Longer texts in a record are not ours. */
const MAX_TEXT = 1000

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
export function newOwner(probe: ProcessProbe | undefined, staleAfterMs: number): Owner {
  const owner = { label: probe?.label ?? 'a process', token: toHex(randomBytes(8)), staleAfterMs }
  return probe === undefined ? owner : { ...owner, process: probe.process }
}

/** What an owner met when it took over. */
export interface Found {
  /** The numbers of the damaged records that it stepped over. */
  readonly skipped: readonly number[]
  /** The owner before, if it had not let go. */
  readonly takenOverFrom?: { readonly label: string; readonly epoch: number }
}

/** An owner as bytes, with what it met. */
export function encodeOwner(owner: Owner, found: Found): Uint8Array {
  return unwrap(encodeJson({ ...owner, ...found }))
}

/** Reads an owner; a damaged one is somebody unknown. */
export function decodeOwner(bytes: Uint8Array): Owner {
  const json = decodeJson(bytes, 'the owner')
  return ownerOf(json.ok && isJsonObject(json.value) ? json.value : {})
}

/** The owner in the fields of a record; whatever is missing or absurd is somebody unknown's. */
export function ownerOf(fields: JsonObject): Owner {
  const text = (name: string): string | undefined => {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined
    return typeof value === 'string' && value.length <= MAX_TEXT ? value : undefined
  }
  const process = text('process')
  const promised = Number(Object.hasOwn(fields, 'staleAfterMs') ? fields['staleAfterMs'] : NaN)
  const staleAfterMs = promised >= 0 ? Math.min(promised, MAX_STALE_AFTER_MS) : 30_000
  const label = text('label') ?? 'an unknown process'
  const owner = { label, token: text('token') ?? '', staleAfterMs }
  return process === undefined ? owner : { ...owner, process }
}
