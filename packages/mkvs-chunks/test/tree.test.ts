import { Buffer } from 'node:buffer'
import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { MAX_KEY_BYTES, Tree } from '../src/index.ts'
import { compareBytes, mapKey, toHex } from '../src/bytes/bytes.ts'
import { chunkWriter } from '../src/chunk/chunk-file.ts'
import { chunkerOf } from '../src/chunk/chunker.ts'
import { proofBuilder } from '../src/proof/builder.ts'
import { EMPTY_HASH, type InternalNode, type Pointer, type TreeNode } from '../src/tree/node.ts'
import type { Walk } from '../src/tree/walk.ts'
import { randomBytes, randomEntries, randomOf, withByte } from './support/harness.ts'
import { utf8 } from './support/vectors.ts'

const seed = Number(process.env['TIDEMARK_SEED'] ?? 1)
const runs = Number(process.env['TIDEMARK_RUNS'] ?? 300)

/** The entries of a model in order of their keys. */
function sorted(model: Map<string, [Uint8Array, Uint8Array]>): [Uint8Array, Uint8Array][] {
  return [...model.values()].sort(([a], [b]) => compareBytes(a, b))
}

function shown(entries: Iterable<readonly [Uint8Array, Uint8Array]>): string {
  return [...entries].map(([key, value]) => `${toHex(key)}=${toHex(value)}`).join(' ')
}

describe('a tree', () => {
  test('keeps its own copy of keys and values, whatever kind of byte array they come in', () => {
    for (const bytes of [(text: string) => utf8(text), (text: string) => Buffer.from(text)]) {
      const tree = new Tree()
      const [key, value] = [bytes('key'), bytes('value')]
      unwrap(tree.insert(key, value))
      const hash = toHex(tree.rootHash())
      key.fill(0)
      value.fill(0)
      unwrap(tree.insert(bytes('other'), bytes('')))
      unwrap(tree.remove(bytes('other')))
      expect(shown(tree.entries())).toBe(`${toHex(utf8('key'))}=${toHex(utf8('value'))}`)
      expect(toHex(tree.rootHash())).toBe(hash)
    }
  })

  test('is an ordered map, whatever the operations', () => {
    for (let run = 0; run < runs; run++) {
      const random = randomOf(seed * 7_919 + run)
      const tree = new Tree()
      const model = new Map<string, [Uint8Array, Uint8Array]>()
      for (const [key, value] of randomEntries(random)) {
        unwrap(tree.insert(key, value))
        model.set(mapKey(key), [key, value])
        if (random() < 0.3) {
          const [victim] = [...model.values()][Math.floor(random() * model.size)] ?? [key]
          const removed = unwrap(tree.remove(victim))
          expect(removed?.length).toBe(model.get(mapKey(victim))?.[1].length)
          model.delete(mapKey(victim))
        }
        if (random() < 0.1) tree.rootHash()
      }
      expect(shown(tree.entries()), `seed ${seed} run ${run}`).toBe(shown(sorted(model)))
      const from = randomBytes(random, 3)
      expect(shown(tree.entries({ from }))).toBe(
        shown(sorted(model).filter(([key]) => compareBytes(key, from) >= 0)),
      )
      const fresh = new Tree()
      for (const [key, value] of sorted(model).sort(([a], [b]) => compareBytes(b, a)))
        unwrap(fresh.insert(key, value))
      expect(toHex(tree.rootHash()), `seed ${seed} run ${run}`).toBe(toHex(fresh.rootHash()))
    }
  })

  test('its write log turns the old tree into the new one and names no untouched key', () => {
    for (let run = 0; run < runs; run++) {
      const random = randomOf(seed * 104_729 + run)
      const [tree, follower] = [new Tree(), new Tree()]
      for (let round = 0; round < 3; round++) {
        for (const [key, value] of randomEntries(random).slice(0, 30)) {
          unwrap(tree.insert(key, value))
          if (random() < 0.3) unwrap(tree.remove(key))
        }
        const known = [...tree.entries()].map(([key]) => key)
        for (const key of known) if (random() < 0.3) unwrap(tree.remove(key))
        for (const key of known) if (random() < 0.1) unwrap(tree.insert(key, utf8('again')))
        const commit = unwrap(tree.beginCommit(tree))
        const keys = commit.writeLog.map(({ key }) => toHex(key))
        expect(new Set(keys).size).toBe(keys.length)
        for (const { key, value } of commit.writeLog) {
          if (value === undefined) expect(unwrap(follower.remove(key))).toBeDefined()
          else unwrap(follower.insert(key, value))
        }
        commit.end(true)
        expect(toHex(follower.rootHash()), `seed ${seed} run ${run}`).toBe(toHex(commit.hash))
        expect(tree.writeLog()).toEqual([])
      }
    }
  })

  test('inserting the same value again changes nothing to be stored', () => {
    const tree = new Tree()
    unwrap(tree.insert(utf8('a'), utf8('1')))
    unwrap(tree.insert(utf8('b'), utf8('2')))
    unwrap(tree.beginCommit(tree)).end(true)
    unwrap(tree.insert(utf8('a'), utf8('1')))
    const again = unwrap(tree.beginCommit(tree))
    expect([...again.nodes()]).toEqual([])
    again.end(true)
  })

  test('copies what it is given', () => {
    const tree = new Tree()
    const [key, value] = [utf8('key'), utf8('value')]
    unwrap(tree.insert(key, value))
    const before = toHex(tree.rootHash())
    key.fill(0)
    value.fill(0)
    unwrap(tree.insert(utf8('other'), utf8('x')))
    unwrap(tree.remove(utf8('other')))
    expect(toHex(tree.rootHash())).toBe(before)
  })

  test('takes the longest key, and refuses one byte more', () => {
    const tree = new Tree()
    const long = new Uint8Array(MAX_KEY_BYTES)
    unwrap(tree.insert(long, utf8('v')))
    unwrap(tree.insert(withByte(long, MAX_KEY_BYTES - 1, 1), utf8('w')))
    tree.rootHash()
    expect(unwrap(tree.get(long))).toEqual(utf8('v'))
    const refused = tree.insert(new Uint8Array(MAX_KEY_BYTES + 1), utf8('v'))
    expect(refused.ok ? 'ok' : refused.error.code).toBe('LIMIT_EXCEEDED')
    const large = new Tree({ maxValueBytes: 2 }).insert(utf8('a'), utf8('abc'))
    expect(large.ok ? 'ok' : large.error.code).toBe('LIMIT_EXCEEDED')
  })

  test('thousands of nested prefixes overflow no stack', () => {
    const tree = new Tree()
    const key = new Uint8Array(MAX_KEY_BYTES)
    for (let n = 0; n <= MAX_KEY_BYTES; n += 4) unwrap(tree.insert(key.subarray(0, n), utf8('v')))
    tree.rootHash()
    expect([...tree.entries()].length).toBe(2048)
    for (let n = 0; n <= MAX_KEY_BYTES; n += 4) unwrap(tree.remove(key.subarray(0, n)))
    expect(toHex(tree.rootHash())).toBe(toHex(EMPTY_HASH))
  })

  test('edits wait for a commit, and a closed tree refuses everything', () => {
    const tree = new Tree()
    const commit = unwrap(tree.beginCommit(tree))
    const busy = tree.insert(utf8('a'), utf8('b'))
    expect(busy.ok ? 'ok' : busy.error.code).toBe('BUSY')
    commit.end(false)
    unwrap(tree.insert(utf8('a'), utf8('b')))
    const mismatch = tree.beginCommit(tree, EMPTY_HASH)
    expect(mismatch.ok ? 'ok' : mismatch.error.code).toBe('ROOT_MISMATCH')
    tree.close()
    for (const result of [tree.get(utf8('a')), tree.remove(utf8('a')), tree.beginCommit(tree)]) {
      expect(result.ok ? 'ok' : result.error.code).toBe('CLOSED')
    }
  })
})

/** The sequential chunker as the specification words it: every key's path, one builder a chunk. */
function* chunksByTheBook(root: Pointer | undefined, chunkSize: number): Walk<string[]> {
  if (root === undefined) return [digestOf([undefined])]
  const digests: string[] = []
  let builder: ReturnType<typeof proofBuilder> | undefined
  const stack: { readonly pointer: Pointer; readonly path: readonly InternalNode[] }[] = []
  stack.push({ pointer: root, path: [] })
  const visit = (path: readonly InternalNode[], leaf: TreeNode): void => {
    builder ??= proofBuilder(root.hash, 0)
    for (const node of [...path, leaf]) builder.include(node)
    if (builder.sizeBytes < chunkSize) return
    digests.push(digestOf(builder.entries()))
    builder = undefined
  }
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const node = yield at.pointer
    if (node.kind === 'leaf') {
      visit(at.path, node)
      continue
    }
    const path = [...at.path, node]
    if (node.leaf !== undefined) visit(path, node.leaf)
    if (node.right !== undefined) stack.push({ pointer: node.right, path })
    if (node.left !== undefined) stack.push({ pointer: node.left, path })
  }
  if (builder !== undefined) digests.push(digestOf(builder.entries()))
  return digests
}

function digestOf(entries: Iterable<Uint8Array | undefined>): string {
  const file = chunkWriter()
  for (const entry of entries) file.write(entry)
  return toHex(file.end().digest)
}

function* chunksByTask(
  root: Pointer | undefined,
  chunkSize: number,
  threads: number,
): Walk<string[]> {
  const chunker = chunkerOf(root, { chunkSize, threads })
  const digests: string[] = []
  for (;;) {
    const file = chunkWriter()
    if (!(yield* chunker.next(file.write))) return digests
    digests.push(toHex(file.end().digest))
  }
}

test('chunks of 0 and 1 threads are those of the specification, for random trees', () => {
  for (let run = 0; run < runs; run++) {
    const random = randomOf(seed * 15_485_863 + run)
    const tree = new Tree()
    for (const [key, value] of randomEntries(random)) unwrap(tree.insert(key, value))
    const chunkSize = Math.floor(random() ** 3 * 5000)
    const expected = unwrap(tree.walk((root) => chunksByTheBook(root, chunkSize)))
    for (const threads of [0, 1]) {
      const actual = unwrap(tree.walk((root) => chunksByTask(root, chunkSize, threads)))
      expect(actual, `seed ${seed} run ${run}`).toEqual(expected)
    }
  }
})
