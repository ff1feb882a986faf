import { createHash } from 'node:crypto'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { concat } from '@tidemark/core'

// Plays somebody who can read and write every file of a store, knows every format, and has no key.

/** What a record has before its payload, and after it. */
const [HEADER_BYTES, DIGEST_BYTES] = [76, 32]
const PREDECESSOR_AT = 40

/** The file of a commit of what is kept. */
export function recordOf(store: string, name: string, generation = 1): string {
  const encoded = name.replace(/[^a-z0-9-]/gu, (char) => `_${char.charCodeAt(0).toString(16)}`)
  return join(store, 'kept/log', `n-${encoded}.r${generation}`)
}

/** Changes one byte, counted from the end; leaves the digest of the record as it was. */
export async function flipByte(path: string, fromEnd: number): Promise<void> {
  const bytes = await readFile(path)
  const at = bytes.length - fromEnd
  bytes[at] = (bytes[at] ?? 0) ^ 1
  await writeFile(path, bytes)
}

/** A record with another payload (and number), and with the digest that it should have. */
export async function forge(
  path: string,
  change: (payload: Uint8Array) => Uint8Array,
  from = path,
  seq?: number,
): Promise<void> {
  const bytes = await readFile(from)
  const header = bytes.subarray(0, HEADER_BYTES)
  const payload = change(Uint8Array.from(bytes.subarray(HEADER_BYTES, -DIGEST_BYTES)))
  const sized = Uint8Array.from(header)
  const view = new DataView(sized.buffer)
  view.setUint32(HEADER_BYTES - 4, payload.length)
  if (seq !== undefined) {
    // The next record names the digest of the one before it.
    view.setBigUint64(8, BigInt(seq))
    sized.set(bytes.subarray(-DIGEST_BYTES), PREDECESSOR_AT)
  }
  const digest = createHash('sha256').update(sized).update(payload).digest()
  await writeFile(path, concat([sized, payload, digest]))
}

/** The payload with one bit changed, so many bytes from its end. */
export function flipped(fromEnd: number): (payload: Uint8Array) => Uint8Array {
  return (payload) => {
    const at = payload.length - fromEnd
    return payload.map((byte, i) => (i === at ? byte ^ 1 : byte))
  }
}

/** The payload with another name of the same length in the place of its own. */
export function renamed(own: string, name: string): (payload: Uint8Array) => Uint8Array {
  return (payload) => {
    const [from, to] = [fieldOf(own), fieldOf(name)]
    const at = payload.findIndex((_, i) => from.every((byte, j) => payload[i + j] === byte))
    if (at < 0) throw new Error(`there is no ${own} in this record`)
    return concat([payload.subarray(0, at), to, payload.subarray(at + to.length)])
  }
}

function fieldOf(name: string): Uint8Array {
  return new TextEncoder().encode(`"identifier":"${name}"`)
}

/** Copies all that is kept, to be put back later. */
export async function snapshot(store: string): Promise<() => Promise<void>> {
  const copy = `${store}.old`
  await rm(copy, { recursive: true, force: true })
  await cp(join(store, 'kept'), copy, { recursive: true })
  return async () => {
    await rm(join(store, 'kept'), { recursive: true })
    await cp(copy, join(store, 'kept'), { recursive: true })
  }
}
