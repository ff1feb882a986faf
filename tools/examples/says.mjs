// oxlint-disable no-console -- examples print what they show, and it is looked at here

import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'

/** What was printed last: an example may print what it claims. */
let printed
const log = console.log
console.log = (...values) => {
  printed = values.length === 1 ? values[0] : values.join(' ')
  log(...values)
}

/** Fails unless a value is what an example says: as Node shows it, or equal to the expression. */
export function $says(given, text) {
  const value = given === undefined && text !== 'undefined' ? printed : given
  if (inspect(value, { breakLength: Infinity }) === text || String(value) === text) return
  let said
  try {
    said = runInNewContext(`(${text})`)
  } catch {
    throw new Error(`the example says ${text}, which is no value; it gives ${inspect(value)}`)
  }
  if (inspect(plain(value), WHOLE) !== inspect(plain(said), WHOLE)) {
    throw new Error(`the example says ${text}, and gives ${inspect(value)}`)
  }
}

/** Bytes as the numbers in them, whichever way they are written. */
function plain(value) {
  return ArrayBuffer.isView(value) ? Array.from(value) : value
}

const WHOLE = { depth: Infinity, maxArrayLength: Infinity, sorted: true }
