import { hash } from '#hash'
import type { ContractCase } from '@tidemark/core/testing'
import type { NodeStore } from '../db/node-store.ts'
import { failsWith, same, succeeds } from './expect.ts'

/** What the contract is run on. */
export interface NodeStoreSubject {
  /** Opens an empty store. */
  open(): NodeStore | Promise<NodeStore>
  /** Opens again what a closed store left. For stores that survive their process. */
  reopen?(closed: NodeStore): NodeStore | Promise<NodeStore>
}

interface Case {
  readonly name: string
  readonly run: (store: NodeStore, subject: NodeStoreSubject) => Promise<void>
}

const [a, b, c] = [bytesOf('a'), bytesOf('b'), bytesOf('c')]

const cases: readonly Case[] = [
  {
    name: 'gives what was put under a hash, and undefined for anything else',
    run: async (store) => {
      same(await succeeds(store.get(hash(a)), 'get'), undefined, 'a node never put')
      await succeeds(store.write({ putNodes: [[hash(a), a]] }), 'write')
      same(await succeeds(store.get(hash(a)), 'get'), a, 'a node put')
      same(await succeeds(store.get(hash(b)), 'get'), undefined, 'another node')
      same(await succeeds(store.record('a'), 'record'), undefined, 'a record of no name')
    },
  },
  {
    name: 'keeps its own copy of what it is given',
    run: async (store) => {
      const mine = a.slice()
      await succeeds(
        store.write({ putNodes: [[hash(a), mine]], putRecords: [['r', mine]] }),
        'write',
      )
      mine.fill(0)
      same(await succeeds(store.get(hash(a)), 'get'), a, 'the node')
      same(await succeeds(store.record('r'), 'record'), a, 'the record')
    },
  },
  {
    name: 'gives many nodes at once, each in the place of its hash',
    run: async (store) => {
      const putNodes = [a, b].map((each) => [hash(each), each] as const)
      await succeeds(store.write({ putNodes }), 'write')
      const hashes = [hash(b), hash(c), hash(a), hash(b)]
      same(await succeeds(store.getMany(hashes), 'getMany'), [b, undefined, a, b], 'nodes')
      same(await succeeds(store.getMany([]), 'getMany'), [], 'no nodes')
    },
  },
  {
    name: 'gives plain byte arrays, whose slices are copies',
    run: async (store) => {
      const batch = { putNodes: [[hash(a), a]] as const, putRecords: [['r', a]] as const }
      await succeeds(store.write(batch), 'write')
      const given = [
        await succeeds(store.get(hash(a)), 'get'),
        await succeeds(store.record('r'), 'record'),
        ...(await succeeds(store.getMany([hash(a)]), 'getMany')),
      ]
      for (const bytes of given) {
        same(Object.getPrototypeOf(bytes) === Uint8Array.prototype, true, 'a plain byte array')
      }
    },
  },
  {
    name: 'does deletions and puts of nodes and records in one write',
    run: async (store) => {
      await succeeds(store.write({ putNodes: [[hash(a), a]], putRecords: [['x', a]] }), 'write')
      const batch = {
        deleteNodes: [hash(a), hash(c)],
        putNodes: [[hash(b), b]] as const,
        deleteRecords: ['x', 'never'],
        putRecords: [['y', b]] as const,
      }
      await succeeds(store.write(batch), 'write')
      same(await succeeds(store.get(hash(a)), 'get'), undefined, 'the deleted node')
      same(await succeeds(store.get(hash(b)), 'get'), b, 'the new node')
      same(await succeeds(store.record('x'), 'record'), undefined, 'the deleted record')
      same(await succeeds(store.record('y'), 'record'), b, 'the new record')
    },
  },
  {
    name: 'replaces a node and a record',
    run: async (store) => {
      await succeeds(store.write({ putNodes: [[hash(a), a]], putRecords: [['x', a]] }), 'write')
      await succeeds(store.write({ putNodes: [[hash(a), b]], putRecords: [['x', b]] }), 'write')
      same(await succeeds(store.get(hash(a)), 'get'), b, 'the node')
      same(await succeeds(store.record('x'), 'record'), b, 'the record')
    },
  },
  {
    name: 'lists the names of records with a prefix, in order',
    run: async (store) => {
      const names = ['root/2/a', 'root/10/a', 'root', 'rooz', 'db/x', 'root/']
      await succeeds(store.write({ putRecords: names.map((name) => [name, a]) }), 'write')
      const listed = await succeeds(store.recordNames('root/'), 'recordNames')
      same(listed, ['root/', 'root/10/a', 'root/2/a'], 'names')
      same(await succeeds(store.recordNames('none'), 'recordNames'), [], 'no names')
    },
  },
  {
    name: 'holds empty and large byte strings and many nodes',
    run: async (store) => {
      const large = new Uint8Array(3_000_000).fill(7)
      const many = Array.from({ length: 5000 }, (_, i) => bytesOf(`node ${i}`))
      await succeeds(
        store.write({
          putNodes: [
            [hash(a), new Uint8Array(0)],
            [hash(b), large],
          ],
          putRecords: [['empty', new Uint8Array(0)]],
        }),
        'write',
      )
      await succeeds(store.write({ putNodes: many.map((each) => [hash(each), each]) }), 'write')
      const odd = many.filter((_, i) => i % 2 === 1)
      await succeeds(store.write({ deleteNodes: odd.map((each) => hash(each)) }), 'write')
      await succeeds(store.write({ putNodes: odd.map((each) => [hash(each), each]) }), 'write')
      same((await succeeds(store.get(hash(a)), 'get'))?.length, 0, 'the empty node')
      same((await succeeds(store.get(hash(b)), 'get'))?.length, large.length, 'the large node')
      same((await succeeds(store.record('empty'), 'record'))?.length, 0, 'the empty record')
      for (const each of many) same(await succeeds(store.get(hash(each)), 'get'), each, 'a node')
    },
  },
  {
    name: 'does nothing on an aborted signal, and refuses everything once closed',
    run: async (store) => {
      const signal = AbortSignal.abort()
      await failsWith(store.write({ putNodes: [[hash(a), a]] }, { signal }), 'ABORTED', 'write')
      same(await succeeds(store.get(hash(a)), 'get'), undefined, 'the node')
      await store.close()
      await store.close()
      await failsWith(store.get(hash(a)), 'CLOSED', 'get')
      await failsWith(store.getMany([hash(a)]), 'CLOSED', 'getMany')
      await failsWith(store.record('x'), 'CLOSED', 'record')
      await failsWith(store.recordNames(''), 'CLOSED', 'recordNames')
      await failsWith(store.write({}), 'CLOSED', 'write')
    },
  },
  {
    name: 'gives again after reopening what was acknowledged before',
    run: async (store, subject) => {
      if (subject.reopen === undefined) return
      await succeeds(store.write({ putNodes: [[hash(a), a]], putRecords: [['x', b]] }), 'write')
      await store.close()
      const again = await subject.reopen(store)
      same(await succeeds(again.get(hash(a)), 'get'), a, 'the node')
      same(await succeeds(again.record('x'), 'record'), b, 'the record')
      await again.close()
    },
  },
]

/**
 * What every {@link NodeStore} promises, one case for each promise.
 *
 * @example
 * import { MemoryNodeStore } from '@tidemark/mkvs-chunks'
 * import { nodeStoreContract } from '@tidemark/mkvs-chunks/testing'
 *
 * const suite = nodeStoreContract({ open: () => new MemoryNodeStore() })
 * for (const { run } of suite) await run()
 */
export function nodeStoreContract(subject: NodeStoreSubject): ContractCase<NodeStore>[] {
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => {
      const store = await subject.open()
      try {
        await run(store, subject)
      } finally {
        await store.close()
      }
    },
  }))
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
