import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import { withByte } from './support/harness.ts'
import { toHex } from '../src/bytes/bytes.ts'
import { proofBuilder } from '../src/proof/builder.ts'
import { decodeProof, encodeProof, type Proof, type ProofVersion } from '../src/proof/proof.ts'
import { getProof, iterateProof, prefixesProof, type ProofQuery } from '../src/proof/prove.ts'
import { verifyProof } from '../src/proof/verify.ts'
import { EMPTY_HASH, type Pointer } from '../src/tree/node.ts'
import type { Walk } from '../src/tree/walk.ts'
import { base64, hex, treeOf, utf8, vectors, type Dataset } from './support/vectors.ts'
import { Tree } from '../src/tree/tree.ts'

interface Case {
  readonly kind: 'builder' | 'verify' | 'get' | 'iterate' | 'prefixes'
  readonly proofVersion: ProofVersion
  readonly dataset: Dataset | string
  readonly include?: readonly string[]
  readonly key?: string
  readonly includeSiblings?: boolean
  readonly position?: string
  readonly prefetch?: number
  readonly prefixes?: readonly string[]
  readonly limit?: number
  readonly present?: boolean
  readonly root?: string
  readonly proofCbor: string
  readonly writeLog?: readonly (readonly [string, string])[]
}

const { upstream, oracle } = vectors<{ upstream: readonly Case[]; oracle: readonly Case[] }>(
  'proofs.json',
)
const roots = vectors<{ oracle: Record<string, Dataset> }>('roots.json').oracle
const trees = new Map<string, Tree>()

function treeFor(dataset: Dataset | string): Tree {
  const name = JSON.stringify(dataset)
  const found = typeof dataset === 'string' ? roots[dataset] : dataset
  if (found === undefined) throw new TypeError(`no dataset ${name}`)
  const tree = trees.get(name) ?? treeOf(found)
  trees.set(name, tree)
  return tree
}

/** Opens the nodes at the listed paths of left and right steps, as the builder vectors do. */
function includePaths(paths: readonly string[], version: ProofVersion): ProofQuery {
  return function* (root: Pointer | undefined): Walk<Proof> {
    const builder = proofBuilder(root?.hash ?? EMPTY_HASH, version)
    for (const path of paths) {
      let pointer = root
      for (const step of ['', ...Array.from(path)]) {
        if (pointer === undefined) throw new TypeError('no such path')
        if (step !== '') {
          const node = yield pointer
          if (node.kind === 'leaf') throw new TypeError('no such path')
          pointer = step === 'L' ? node.left : node.right
        }
      }
      if (pointer !== undefined) builder.include(yield pointer)
    }
    return builder.build()
  }
}

function queryOf(c: Case): ProofQuery {
  const version = c.proofVersion
  const key = base64(c.key)
  if (c.kind === 'builder') return includePaths(c.include ?? [], version)
  if (c.kind === 'iterate') return iterateProof(key, { version, prefetch: c.prefetch ?? 0 })
  if (c.kind === 'prefixes') {
    return prefixesProof((c.prefixes ?? []).map(base64), { version, limit: c.limit ?? 0 })
  }
  const position = c.position === undefined ? {} : { position: hex(c.position) }
  return getProof(key, { version, includeSiblings: c.includeSiblings ?? false, ...position })
}

const all = [...upstream, ...oracle]

describe('proofs equal the original byte for byte', () => {
  const built = all.filter((c) => c.kind !== 'verify')
  test.each(built.map((c, i) => [`${i} ${c.kind} v${c.proofVersion}`, c] as const))(
    '%s',
    (_, c) => {
      const tree = treeFor(c.dataset)
      const proof = unwrap(tree.prove(queryOf(c)))
      const bytes = base64(c.proofCbor)
      expect(toHex(encodeProof(proof))).toBe(toHex(bytes))
      expect(encodeProof(unwrap(decodeProof(bytes)))).toEqual(bytes)
    },
  )
})

/** The same entries but for one. */
function replaced(
  entries: readonly (Uint8Array | undefined)[],
  index: number,
  entry: Uint8Array | undefined,
): (Uint8Array | undefined)[] {
  return entries.map((each, i) => (i === index ? entry : each))
}

describe('verifying', () => {
  test('accepts every recorded proof and reports its pairs in the original order', () => {
    for (const c of all) {
      const proof = unwrap(decodeProof(base64(c.proofCbor)))
      const root = c.root === undefined ? proof.untrustedRoot : hex(c.root)
      const subtree = c.position !== undefined
      const proven = unwrap(verifyProof(root, proof, { subtree }))
      if (c.writeLog === undefined) continue
      expect(proven.pairs).toEqual(c.writeLog.map(([key, value]) => [base64(key), base64(value)]))
    }
  })

  test('answers the asked key, and says so when a key is not covered', () => {
    for (const c of all.filter(({ kind, position }) => kind === 'get' && position === undefined)) {
      const tree = treeFor(c.dataset)
      const proven = unwrap(verifyProof(tree.rootHash(), unwrap(decodeProof(base64(c.proofCbor)))))
      expect(proven.get(base64(c.key))).toEqual(tree.get(base64(c.key)))
    }
    const tree = treeFor('keyvalue-11')
    const proven = unwrap(verifyProof(tree.rootHash(), unwrap(tree.prove(getProof(utf8('key 0'))))))
    const other = proven.get(utf8('key 9'))
    expect(other.ok ? 'found' : other.error.code).toBe('NODE_NOT_FOUND')
  })

  test('an opened node holds the key that ends in it, in both versions', () => {
    const tree = new Tree()
    for (const key of ['a', 'ab', 'ac']) unwrap(tree.insert(utf8(key), utf8(`value of ${key}`)))
    for (const version of [0, 1] as const) {
      const proof = unwrap(tree.prove(getProof(utf8('a'), { version })))
      const proven = unwrap(verifyProof(tree.rootHash(), proof))
      const held = proven.nodes.flatMap((node) =>
        node.kind === 'internal' ? [node.leaf?.value] : [],
      )
      expect(held).toEqual([utf8('value of a')])
      expect(unwrap(proven.get(utf8('a')))).toEqual(utf8('value of a'))
    }
  })

  test('refuses any appended, dropped, swapped or damaged entry', () => {
    for (const version of [0, 1] as const) {
      const tree = treeFor('keyvalue-11')
      const proof = unwrap(tree.prove(getProof(utf8('key 4'), { version })))
      const { entries } = proof
      const bad: (readonly (Uint8Array | undefined)[])[] = [
        [...entries, undefined],
        [...entries, new Uint8Array([0])],
        entries.slice(1),
        entries.slice(0, -1),
        [],
      ]
      entries.forEach((entry, i) => {
        bad.push(
          replaced(entries, i, new Uint8Array(0)),
          replaced(entries, i, new Uint8Array([3, 1])),
        )
        if (entry === undefined) return
        bad.push(replaced(entries, i, undefined))
        for (let byte = 0; byte < entry.length; byte++) {
          bad.push(replaced(entries, i, withByte(entry, byte, (entry[byte] ?? 0) ^ 0x11)))
        }
      })
      for (const entries of bad) {
        const result = verifyProof(tree.rootHash(), { ...proof, entries })
        expect(result.ok ? 'ok' : result.error.code).toBe('PROOF_INVALID')
      }
    }
  })

  test('refuses a proof for another root and of an unknown version', () => {
    const tree = treeFor('keyvalue-11')
    const proof = unwrap(tree.prove(getProof(utf8('key 4'))))
    expect(verifyProof(EMPTY_HASH, proof).ok).toBe(false)
    expect(verifyProof(tree.rootHash(), { ...proof, version: 2 }).ok).toBe(false)
  })

  test('stops at the depth limit, and not before it', () => {
    const tree = new Tree()
    for (let n = 1; n <= 140; n++) unwrap(tree.insert(utf8('a'.repeat(n)), utf8('v')))
    const deep = unwrap(tree.prove(getProof(utf8('a'.repeat(140)))))
    const result = verifyProof(tree.rootHash(), deep)
    expect(result.ok ? '' : result.error.details.reason).toBe('max proof depth exceeded')
    expect(verifyProof(tree.rootHash(), deep, { maxDepth: 139 }).ok).toBe(true)
    expect(verifyProof(tree.rootHash(), deep, { maxDepth: 138 }).ok).toBe(false)
  })
})
