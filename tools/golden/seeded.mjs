// Imported first by the scripts that make golden stores: from here on everything random in this
// process is drawn from one seed, and the wall clock stands.
import { Buffer as NodeBuffer } from 'node:buffer'
import { createRequire, syncBuiltinESMExports } from 'node:module'

/** The time at which every golden store was written, in ms since 1970. */
const NOW_MS = 1_700_000_000_000

// xorshift32: good enough to look random, the same on every machine.
let state = 0x74_69_64_65
function next() {
  state ^= state << 13
  state ^= state >>> 17
  state ^= state << 5
  state >>>= 0
  return state
}

function fill(view) {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  for (let i = 0; i < bytes.length; i++) bytes[i] = next() >>> 11
  return view
}

const crypto = createRequire(import.meta.url)('node:crypto')
crypto.randomFillSync = fill
crypto.randomBytes = (length) => fill(NodeBuffer.alloc(length))
syncBuiltinESMExports()
Object.defineProperty(globalThis.crypto, 'getRandomValues', { value: fill })
Math.random = () => next() / 2 ** 32
Date.now = () => NOW_MS

/**
 * A clock for stores that take one: it stands, so no heartbeat beats and no step is ever slow; a
 * pause of a few milliseconds is over at once, a longer one never.
 */
export const stillClock = {
  nowMs: () => 0,
  sleep: (ms) => (ms < 50 ? Promise.resolve() : new Promise(() => undefined)),
  every: () => ({ stop: () => undefined }),
}
