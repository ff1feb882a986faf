import type { Result } from '@tidemark/core'
import { ContractFailure, type ContractCase } from '@tidemark/core/testing'
import type { NodeDb } from '../db/node-db.ts'
import type { NodeDbRefusal } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { testNamespace } from '../record/namespace.ts'
import { ROOT_TYPE, type Root } from '../record/root.ts'
import { encodeNode } from '../tree/node-codec.ts'
import type { Tree } from '../tree/tree.ts'
import { failsWith, same, succeeds } from './expect.ts'
import { commitSample, emptyLike, holdsSample, sampleTree } from './sample.ts'

/** What the contract is run on. */
export interface NodeDbSubject {
  /** Opens an empty database, of any namespace. */
  open(): NodeDb | Promise<NodeDb>
  /** Opens again what a closed database left. For those that survive. */
  reopen?(closed: NodeDb): NodeDb | Promise<NodeDb>
}

interface Case {
  readonly name: string
  readonly run: (db: NodeDb, subject: NodeDbSubject) => Promise<void>
}

const NO_PROGRESS = { checkpoint: new Uint8Array(32), restored: new Uint8Array(1) }

const cases: readonly Case[] = [
  {
    name: 'gives back a committed tree, and knows no other root but the empty one',
    run: async (db) => {
      const root = await commitSample(db, 50, 3n)
      await holdsSample(db, root, 50)
      same(db.hasRoot(root), true, 'the root')
      same(db.hasRoot(emptyLike(root)), true, 'the empty root')
      const other = { ...root, version: 4n }
      same(db.hasRoot(other), false, 'a root of another version')
      await refusedWith(db.getNode(other, { hash: other.hash }), 'root-not-found')
      const nowhere = { hash: new Uint8Array(32) }
      await failsWith(db.getNode(root, nowhere), 'NODE_NOT_FOUND', 'a node of no tree')
      const top = await succeeds(db.getNode(root, root), 'the top node')
      const below =
        top.kind === 'leaf' ? [] : [top.right, top.left].filter((at) => at !== undefined)
      const many = await succeeds(db.getNodes(root, [...below, root]), 'many nodes')
      const hashesOf = (list: readonly { readonly hash: Hash }[]) => list.map(({ hash }) => hash)
      same(hashesOf(many), hashesOf([...below, root]), 'nodes in order')
      await refusedWith(db.getNodes(other, []), 'root-not-found')
      await failsWith(db.getNodes(root, [root, nowhere]), 'NODE_NOT_FOUND', 'one of no tree')
      same(db.rootsOf(3n).length, 1, 'roots of the version')
      same(db.rootsOf(4n).length, 0, 'roots of another version')
    },
  },
  {
    name: 'commits only what follows: namespace, version, type and a known old root',
    run: async (db) => {
      const { namespace } = db
      const first = await commitSample(db, 9, 1n)
      const next = { ...first, version: 2n }
      const commit = (oldRoot: Root, root: Root) => db.commit(oldRoot, root, [])
      await refusedWith(commit(first, { ...next, namespace: testNamespace('x') }), 'bad-namespace')
      await refusedWith(commit(first, { ...next, version: 3n }), 'root-must-follow')
      await refusedWith(commit(first, { ...next, type: ROOT_TYPE.io }), 'root-must-follow')
      await refusedWith(commit(next, { ...next, version: 3n }), 'root-not-found')
      const inputs = await commitSample(db, 5, 1n, ROOT_TYPE.io)
      await refusedWith(commit(inputs, { ...inputs, version: 2n }), 'root-must-follow')
      await succeeds(commit(first, next), 'the same tree in the next version')
      await holdsSample(db, { ...next, namespace }, 9)
    },
  },
  {
    name: 'finalizes versions in order, and drops what lost',
    run: async (db) => {
      const winner = await commitSample(db, 20, 5n)
      const loser = await commitSample(db, 21, 5n)
      await refusedWith(db.finalize([]), 'root-not-found')
      await refusedWith(db.finalize([winner, loser]), 'root-must-follow')
      await refusedWith(db.finalize([{ ...winner, version: 6n }]), 'root-not-found')
      await succeeds(db.finalize([winner]), 'finalize')
      same([db.earliestVersion, db.latestVersion], [5n, 5n], 'versions')
      same(db.hasRoot(loser), false, 'the root that lost')
      await holdsSample(db, winner, 20)
      await refusedWith(db.finalize([winner]), 'already-finalized')
      const late = emptyLike({ ...winner, version: 5n })
      await refusedWith(db.commit(late, { ...late, hash: loser.hash }, []), 'already-finalized')
      const skipping = await commitSample(db, 22, 7n)
      await refusedWith(db.finalize([skipping]), 'not-finalized')
    },
  },
  {
    name: 'prunes the earliest version, never the latest, and nothing that is shared',
    run: async (db) => {
      const roots: Root[] = []
      for (const version of [1n, 2n, 3n]) {
        const root = await commitSample(db, 30 + Number(version), version)
        await succeeds(db.finalize([root]), 'finalize')
        roots.push(root)
      }
      await refusedWith(db.prune(4n), 'not-finalized')
      await refusedWith(db.prune(2n), 'not-earliest')
      await succeeds(db.prune(1n), 'prune')
      await succeeds(db.prune(2n), 'prune')
      await refusedWith(db.prune(3n), 'cannot-prune-latest')
      same(db.earliestVersion, 3n, 'the earliest version')
      same(
        roots.map((root) => db.hasRoot(root)),
        [false, false, true],
        'roots',
      )
      if (roots[2] !== undefined) await holdsSample(db, roots[2], 33)
    },
  },
  {
    name: 'keeps one multipart insert apart from everything else',
    run: async (db) => {
      const root = await commitSample(db, 9, 1n)
      await refusedWith(db.importChunk(root, [], NO_PROGRESS), 'multipart-in-progress')
      await refusedWith(db.startMultipartInsert(0n), 'invalid-multipart-version')
      await succeeds(db.startMultipartInsert(4n), 'start')
      await succeeds(db.startMultipartInsert(4n), 'start once more')
      same(db.multipartVersion, 4n, 'the open insert')
      await refusedWith(db.startMultipartInsert(5n), 'multipart-in-progress')
      await refusedWith(db.importChunk(root, [], NO_PROGRESS), 'invalid-multipart-version')
      await refusedWith(db.completeRestore(root), 'invalid-multipart-version')
      await refusedWith(db.commit(root, { ...root, version: 2n }, []), 'multipart-in-progress')
      await refusedWith(db.prune(1n), 'multipart-in-progress')
      await refusedWith(db.finalize([root]), 'invalid-multipart-version')
      await succeeds(db.abortMultipartInsert(), 'abort')
      await succeeds(db.abortMultipartInsert(), 'abort of nothing')
      same(db.multipartVersion, undefined, 'no open insert')
      await succeeds(db.finalize([root]), 'finalize')
      await refusedWith(db.startMultipartInsert(1n), 'already-finalized')
    },
  },
  {
    name: 'takes a tree in parts, and for whole only when every node is there',
    run: async (db) => {
      const tree = await sampleTree(40)
      const root = rootOf(db, tree, 7n)
      const nodes = nodesOf(tree)
      await succeeds(db.startMultipartInsert(7n), 'start')
      const half = nodes.length >> 1
      await succeeds(db.importChunk(root, nodes.slice(half), NO_PROGRESS), 'one part')
      await failsWith(db.completeRestore(root), 'NODE_NOT_FOUND', 'half a tree')
      same(db.hasRoot(root), false, 'the root of half a tree')
      await refusedWith(db.finalize([root]), 'root-not-found')
      await succeeds(db.importChunk(root, nodes.slice(0, half + 1), NO_PROGRESS), 'the rest')
      await succeeds(db.completeRestore(root), 'the whole tree')
      await succeeds(db.finalize([root]), 'finalize')
      same([db.latestVersion, db.multipartVersion], [7n, undefined], 'versions')
      await holdsSample(db, root, 40)
    },
  },
  {
    name: 'keeps the note of a restore with its nodes until it is forgotten',
    run: async (db) => {
      const tree = await sampleTree(5)
      const root = rootOf(db, tree, 1n)
      const progress = { checkpoint: tree.rootHash(), restored: Uint8Array.of(0b1010_0000) }
      same(await succeeds(db.restoreProgress(root), 'progress'), undefined, 'a note of nothing')
      await succeeds(db.startMultipartInsert(1n), 'start')
      await succeeds(db.importChunk(root, nodesOf(tree), progress), 'part')
      const note = await succeeds(db.restoreProgress(root), 'progress')
      same([note?.checkpoint, note?.restored], [progress.checkpoint, progress.restored], 'the note')
      await succeeds(db.forgetRestore(root), 'forget')
      same(await succeeds(db.restoreProgress(root), 'progress'), undefined, 'a forgotten note')
    },
  },
  {
    name: 'removes with an abort what the insert brought, and nothing else',
    run: async (db) => {
      const older = await commitSample(db, 10, 1n)
      await succeeds(db.finalize([older]), 'finalize')
      const tree = await sampleTree(12)
      const root = rootOf(db, tree, 2n)
      await succeeds(db.startMultipartInsert(2n), 'start')
      await succeeds(db.importChunk(root, nodesOf(tree), NO_PROGRESS), 'part')
      await succeeds(db.completeRestore(root), 'complete')
      await succeeds(db.abortMultipartInsert(), 'abort')
      same(db.hasRoot(root), false, 'the aborted root')
      await holdsSample(db, older, 10)
      await succeeds(db.startMultipartInsert(2n), 'start anew')
      same(await succeeds(db.restoreProgress(root), 'progress'), undefined, 'the note')
      await failsWith(db.completeRestore(root), 'NODE_NOT_FOUND', 'an aborted tree')
    },
  },
  {
    name: 'has after reopening what it had, an open insert included',
    run: async (db, subject) => {
      if (subject.reopen === undefined) return
      const older = await commitSample(db, 10, 1n)
      await succeeds(db.finalize([older]), 'finalize')
      const tree = await sampleTree(12)
      const root = rootOf(db, tree, 2n)
      await succeeds(db.startMultipartInsert(2n), 'start')
      await succeeds(db.importChunk(root, nodesOf(tree), NO_PROGRESS), 'part')
      await db.close()
      const again = await subject.reopen(db)
      same([again.latestVersion, again.multipartVersion], [1n, 2n], 'versions')
      await holdsSample(again, older, 10)
      await succeeds(again.completeRestore(root), 'complete')
      await succeeds(again.finalize([root]), 'finalize')
      await holdsSample(again, root, 12)
      await again.close()
    },
  },
  {
    name: 'refuses everything once closed',
    run: async (db) => {
      const root = await commitSample(db, 3, 1n)
      await db.close()
      await db.close()
      await failsWith(db.getNode(root, { hash: root.hash }), 'CLOSED', 'getNode')
      await failsWith(db.finalize([root]), 'CLOSED', 'finalize')
      await failsWith(db.startMultipartInsert(2n), 'CLOSED', 'startMultipartInsert')
    },
  },
]

/** What every {@link NodeDb} promises, one case for each promise. */
export function nodeDbContract(
  subject: NodeDbSubject,
): ContractCase<{ readonly supports: object }>[] {
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => {
      const db = await subject.open()
      try {
        await run(db, subject)
      } finally {
        await db.close()
      }
    },
  }))
}

async function refusedWith(
  result: Promise<Result<unknown, { readonly code: string; readonly details: object }>>,
  reason: NodeDbRefusal,
): Promise<void> {
  const settled = await result
  const actual: unknown = settled.ok ? 'ok' : Reflect.get(settled.error.details, 'reason')
  if (!settled.ok && settled.error.code === 'NODE_DB_REFUSED' && actual === reason) return
  throw new ContractFailure(`expected to be refused with ${reason}, got ${String(actual)}`)
}

function rootOf({ namespace }: NodeDb, tree: Tree, version: bigint): Root {
  return { namespace, version, type: ROOT_TYPE.state, hash: tree.rootHash() }
}

/** All nodes of a tree with their hashes, parents first. */
function nodesOf(tree: Tree): (readonly [Hash, Uint8Array])[] {
  const nodes: (readonly [Hash, Uint8Array])[] = []
  const walked = tree.walk(function* (top) {
    const stack = top === undefined ? [] : [top]
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const node = yield at
      nodes.push([node.hash, encodeNode(node)])
      if (node.kind === 'leaf') continue
      if (node.left !== undefined) stack.push(node.left)
      if (node.right !== undefined) stack.push(node.right)
    }
  })
  return walked.ok ? nodes : []
}
