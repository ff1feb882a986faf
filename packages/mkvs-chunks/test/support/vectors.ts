import { readFileSync } from 'node:fs'
import { sha512_256 } from '@noble/hashes/sha2.js'
import { unwrap } from '@tidemark/core'
import { concatBytes, fromHex } from '../../src/bytes/bytes.ts'
import { Tree } from '../../src/tree/tree.ts'

/** An operation of a dataset: base64 key and value. */
export interface VectorOp {
  readonly op: 'Insert' | 'Remove' | 'Get' | 'IteratorSeek'
  readonly key?: string
  readonly value?: string
  readonly expected_key?: string
}

/** A dataset: operations, or a generator named in README.md beside the vectors. */
export type Dataset =
  | { readonly ops: readonly VectorOp[] }
  | { readonly gen: 'decimal'; readonly count: number }
  | {
      readonly gen: 'template'
      readonly count: number
      readonly key: string
      readonly value: string
    }
  | { readonly gen: 'prefixes'; readonly text: string; readonly value: string }
  | {
      readonly gen: 'hashkv'
      readonly count: number
      readonly keyLen: number
      readonly valueMul: number
      readonly valueMod: number
    }

/** One vector file. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows the file
export function vectors<T>(name: string): T {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our own files, as described
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8')) as T
}

const encoder = new TextEncoder()

/** UTF-8 bytes. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The bytes of base64 text; a missing text is empty. */
export function base64(text: string | undefined): Uint8Array {
  return Uint8Array.from(atob(text ?? ''), (char) => char.charCodeAt(0))
}

/** The bytes of hex digits. */
export function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new TypeError(`not hex: ${text}`)
  return bytes
}

/** The first bytes of H(seed:0) | H(seed:1) | ... */
export function stream(seed: string, length: number): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i * 32 < length; i++) parts.push(sha512_256(utf8(`${seed}:${i}`)))
  return concatBytes(parts).slice(0, length)
}

/** The entries a generator makes, in its order. */
export function* generated(
  dataset: Exclude<Dataset, { readonly ops: readonly VectorOp[] }>,
): Iterable<[Uint8Array, Uint8Array]> {
  if (dataset.gen === 'prefixes') {
    for (let n = 1; n <= dataset.text.length; n++) {
      yield [utf8(dataset.text.slice(0, n)), utf8(dataset.value)]
    }
    return
  }
  for (let i = 0; i < dataset.count; i++) {
    if (dataset.gen === 'decimal') yield [utf8(`${i}`), utf8(`${i}`)]
    else if (dataset.gen === 'template') {
      yield [
        utf8(dataset.key.replaceAll('{i}', `${i}`)),
        utf8(dataset.value.replaceAll('{i}', `${i}`)),
      ]
    } else {
      const length = (i * dataset.valueMul) % dataset.valueMod
      yield [stream(`k:${i}`, dataset.keyLen), stream(`v:${i}`, length)]
    }
  }
}

/** Does one operation on a tree. */
export function apply(tree: Tree, { op, key, value }: VectorOp): void {
  if (op === 'Insert') unwrap(tree.insert(base64(key), base64(value)))
  else if (op === 'Remove') unwrap(tree.remove(base64(key)))
}

/** The tree of a dataset. */
export function treeOf(dataset: Dataset): Tree {
  const tree = new Tree()
  if ('ops' in dataset) for (const op of dataset.ops) apply(tree, op)
  else for (const [key, value] of generated(dataset)) unwrap(tree.insert(key, value))
  return tree
}
