import { isDeepStrictEqual, inspect } from 'node:util'

/** Fails unless a value is what an example says: as Node shows it, or equal to the expression. */
export function $says(value, text) {
  if (inspect(value, { breakLength: Infinity }) === text || String(value) === text) return
  const plain = value instanceof Uint8Array ? Array.from(value) : value
  let said
  try {
    said = new Function(`return (${text})`)()
  } catch {
    throw new Error(`the example says ${text}, which is no value; it gives ${inspect(value)}`)
  }
  if (!isDeepStrictEqual(plain, said)) {
    throw new Error(`the example says ${text}, and gives ${inspect(value)}`)
  }
}
