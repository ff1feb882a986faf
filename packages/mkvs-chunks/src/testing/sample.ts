import { EMPTY_HASH } from '../tree/node.ts'
import type { NodeDb } from '../db/node-db.ts'
import type { Root } from '../record/root.ts'
import { commitTree } from '../tree/commit-tree.ts'
import { loadTree } from '../tree/load-tree.ts'
import { Tree } from '../tree/tree.ts'
import { same, succeeds } from './expect.ts'

/** A tree of so many entries, with keys that other keys extend. The larger holds the smaller. */
export async function sampleTree(count: number): Promise<Tree> {
  const tree = new Tree()
  for (let i = 0; i < count; i++) {
    await succeeds(tree.insert(utf8(`key ${i}`), utf8(`value of ${i}`)), 'insert')
  }
  return tree
}

/** Commits a sample tree. */
export async function commitSample(
  db: NodeDb,
  count: number,
  version: bigint,
  type = 1,
): Promise<Root> {
  const tree = await sampleTree(count)
  return (await succeeds(commitTree(tree, db, { version, type }), 'commit')).root
}

/** Fails unless a database holds the whole sample tree of so many entries under a root. */
export async function holdsSample(db: NodeDb, root: Root, count: number): Promise<void> {
  const loaded = await succeeds(loadTree(db, root), 'the tree under its root')
  same([...loaded.entries()].length, count, 'entries')
  same(loaded.rootHash(), (await sampleTree(count)).rootHash(), 'root hash')
}

/** The root of an empty tree, of the version and type of another. */
export function emptyLike(root: Root): Root {
  return { ...root, hash: EMPTY_HASH }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
