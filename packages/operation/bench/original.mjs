// The algorithm of the original, ported: list the directory, sort, write the next file, sync nothing.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'

const SUFFIX = '.chk'
const DIGITS = 8

export function originalOperation(dir) {
  mkdirSync(dir, { recursive: true })
  return {
    checkpoint: (label, data) => {
      const names = readdirSync(dir)
        .filter((name) => name.endsWith(SUFFIX) && name.length >= DIGITS + SUFFIX.length)
        .sort((a, b) => (a.slice(0, DIGITS) < b.slice(0, DIGITS) ? -1 : 1))
      const last = names.at(-1)
      const next = last === undefined ? 0 : Number(last.slice(0, DIGITS)) + 1
      const name = `${String(next).padStart(DIGITS, '0')}${label}${SUFFIX}`
      writeFileSync(`${dir}/${name}`, data)
      return name
    },
  }
}

/** So many checkpoints, written without listing. */
export function fillOriginal(dir, count) {
  mkdirSync(dir, { recursive: true })
  const data = new Uint8Array(100)
  for (let i = 0; i < count; i++) {
    writeFileSync(`${dir}/${String(i).padStart(DIGITS, '0')}${SUFFIX}`, data)
  }
}
