import { unwrap } from '@tidemark/core'
import { describe, expect, test } from 'vitest'
import {
  appendBit,
  bytesForBits,
  cutBits,
  firstDifference,
  joinBits,
  withBit,
} from '../src/bytes/bits.ts'
import { toHex } from '../src/bytes/bytes.ts'
import {
  decodeNode,
  encodeCompact,
  encodeNode,
  internalNode,
  leafNode,
} from '../src/tree/node-codec.ts'
import { hashInternal } from '../src/tree/node-hash.ts'
import type { TreeNode } from '../src/tree/node.ts'
import { Tree } from '../src/tree/tree.ts'
import {
  apply,
  base64,
  hex,
  treeOf,
  utf8,
  vectors,
  type Dataset,
  type VectorOp,
} from './support/vectors.ts'

interface NodeSpec {
  readonly kind: 'leaf' | 'internal'
  readonly keyUtf8: string
  readonly valueUtf8: string
  readonly labelBits: number
  readonly labelHex: string
  readonly leafHash?: string
  readonly leftHash: string | null
  readonly rightHash: string | null
  readonly embeddedLeaf?: { readonly keyUtf8: string; readonly valueUtf8: string }
}

interface Primitives {
  readonly nodes: readonly {
    readonly name: string
    readonly node: NodeSpec
    readonly hash: string
    readonly compactV0?: string
    readonly compactV1?: string
    readonly full?: string
  }[]
  readonly appendBit: readonly { key: string; bits: number; bit: 0 | 1; out: string }[]
  readonly split: readonly {
    key: string
    at: number
    bits: number
    prefix: string
    suffix: string
  }[]
  readonly merge: readonly { a: string; aBits: number; b: string; bBits: number; out: string }[]
  readonly commonPrefix: readonly {
    a: string
    aBits: number
    b: string
    bBits: number
    out: number
  }[]
  readonly setBit: readonly { key: string; bit: number; value: 0 | 1; out: string }[]
  readonly depth: { readonly toBytes: readonly [number, number][] }
}

const primitives = vectors<Primitives>('primitives.json')

function buildNode(spec: NodeSpec): TreeNode {
  if (spec.kind === 'leaf') return leafNode(utf8(spec.keyUtf8), utf8(spec.valueUtf8))
  const embedded = spec.embeddedLeaf
  const leaf =
    embedded === undefined ? undefined : leafNode(utf8(embedded.keyUtf8), utf8(embedded.valueUtf8))
  const pointer = (hash: string | null) => (hash === null ? undefined : { hash: hex(hash) })
  return internalNode({
    labelBits: spec.labelBits,
    label: hex(spec.labelHex),
    leaf,
    left: pointer(spec.leftHash),
    right: pointer(spec.rightHash),
  })
}

describe('bit strings', () => {
  test('append, split, merge, compare and set as the original does', () => {
    for (const c of primitives.appendBit) {
      expect(toHex(appendBit(hex(c.key), c.bits, c.bit))).toBe(c.out)
    }
    for (const c of primitives.split) {
      expect(toHex(cutBits(hex(c.key), 0, c.at))).toBe(c.prefix)
      expect(toHex(cutBits(hex(c.key), c.at, c.bits))).toBe(c.suffix)
    }
    for (const c of primitives.merge) {
      expect(toHex(joinBits(hex(c.a), c.aBits, hex(c.b), c.bBits))).toBe(c.out)
    }
    for (const c of primitives.commonPrefix) {
      const shared = Math.min(c.aBits, c.bBits)
      expect(firstDifference(hex(c.a), hex(c.b), 0, shared)).toBe(c.out)
    }
    for (const c of primitives.setBit)
      expect(toHex(withBit(hex(c.key), c.bit, c.value))).toBe(c.out)
    for (const [bits, bytes] of primitives.depth.toBytes) expect(bytesForBits(bits)).toBe(bytes)
  })
})

describe('nodes', () => {
  for (const { name, node: spec, ...expected } of primitives.nodes) {
    test(`${name}: hash and every serialised form`, () => {
      if (spec.leafHash !== undefined) {
        const [leaf, left, right] = [spec.leafHash, spec.leftHash ?? '', spec.rightHash ?? '']
        const hash = hashInternal(
          spec.labelBits,
          hex(spec.labelHex),
          hex(leaf),
          hex(left),
          hex(right),
        )
        expect(toHex(hash)).toBe(expected.hash)
        return
      }
      const node = buildNode(spec)
      expect(toHex(node.hash)).toBe(expected.hash)
      expect(toHex(encodeNode(node))).toBe(expected.full)
      expect(toHex(encodeCompact(node, 0))).toBe(expected.compactV0)
      expect(toHex(encodeCompact(node, 1))).toBe(expected.compactV1)
      expect(toHex(unwrap(decodeNode(encodeNode(node), true)).hash)).toBe(expected.hash)
    })
  }
})

interface Roots {
  readonly upstream: readonly {
    readonly name: string
    readonly ops?: readonly VectorOp[]
    readonly dataset?: Dataset
    readonly root: string
  }[]
  readonly oracle: Readonly<Record<string, Dataset & { root: string; liveKeys: number }>>
  readonly stepRoots: Readonly<Record<string, readonly string[]>>
}

const roots = vectors<Roots>('roots.json')

describe('roots', () => {
  test.each(roots.upstream.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const tree = treeOf(c.dataset ?? { ops: c.ops ?? [] })
    expect(toHex(tree.rootHash())).toBe(c.root)
  })

  test.each(Object.entries(roots.oracle))('%s', (_, dataset) => {
    const tree = treeOf(dataset)
    expect(toHex(tree.rootHash())).toBe(dataset.root)
    expect([...tree.entries()].length).toBe(dataset.liveKeys)
  })

  test.each(Object.entries(roots.stepRoots))('%s after every operation', (name, steps) => {
    const dataset = roots.oracle[name]
    if (dataset === undefined || !('ops' in dataset)) throw new TypeError('no such dataset')
    const tree = new Tree()
    dataset.ops.forEach((op, i) => {
      apply(tree, op)
      expect(toHex(tree.rootHash())).toBe(steps[i])
    })
  })
})

describe('upstream operation lists', () => {
  test.each([1, 2, 3, 4, 5, 6])('case %i', (n) => {
    const tree = new Tree()
    const model = new Map<string, string>()
    for (const op of vectors<readonly VectorOp[]>(`upstream/case-${n}.json`)) {
      const key = base64(op.key)
      if (op.op === 'Get') {
        expect(unwrap(tree.get(key))).toEqual(base64(op.value))
      } else if (op.op === 'IteratorSeek') {
        expect(unwrap(tree.seek(key))).toEqual([base64(op.expected_key), base64(op.value)])
      } else {
        apply(tree, op)
        tree.rootHash()
        if (op.op === 'Insert') model.set(op.key ?? '', op.value ?? '')
        else model.delete(op.key ?? '')
      }
    }
    for (const [key, value] of model) expect(unwrap(tree.get(base64(key)))).toEqual(base64(value))
  })
})

describe('seek tables', () => {
  interface Table {
    readonly pairs: readonly [string, string][]
    readonly seeks: readonly [string, number][]
  }
  const tables = vectors<{ cases: readonly Table[]; hexCases: readonly Table[] }>('iterator.json')

  function check({ pairs, seeks }: Table, bytes: (text: string) => Uint8Array): void {
    const tree = new Tree()
    for (const [key, value] of pairs) unwrap(tree.insert(bytes(key), bytes(value)))
    for (const [from, position] of seeks) {
      const rest = position < 0 ? [] : pairs.slice(position)
      expect([...tree.entries({ from: bytes(from) })]).toEqual(
        rest.map(([key, value]) => [bytes(key), bytes(value)]),
      )
    }
  }

  test('text keys', () => {
    for (const table of tables.cases) check(table, utf8)
  })
  test('binary keys', () => {
    for (const table of tables.hexCases) check(table, hex)
  })
})
