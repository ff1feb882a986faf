import { sha256 } from '#digest'
import type { Choose } from './choices.ts'
import {
  rename,
  ROOT,
  syncedDirectory,
  syncedFile,
  type DirectoryNode,
  type DiskNode,
  type FileNode,
  type Inode,
  type Names,
  type Nodes,
  type Write,
} from './disk-image.ts'
import { formatOperation } from './journal.ts'
import { applyOutcome, writeOutcomes, type WriteOutcome } from './write-outcomes.ts'

/** One disk that a power cut can leave. */
export interface Remains {
  /** What can be reached from the root, all of it durable. */
  readonly nodes: Nodes
  /** Equal for equal disks, when one {@link PowerCut} made them. */
  readonly key: string
  /** What became of each unsynced change that matters, for a human. */
  explain(): string[]
}

/** Cuts the power: chooses for each unsynced change what becomes of it. */
export type PowerCut = (nodes: Nodes, choose: Choose) => Remains

/** What is left of one node. */
interface Remnant {
  readonly node: DiskNode
  /** Equal for equal nodes. */
  readonly id: number
}

/**
 * Makes a {@link PowerCut} that tears a write at up to `tears` places.
 *
 * Choices are made from the root down, so nothing is asked about what the cut made unreachable.
 * Answer 0 is always "lost" and answer 1 "applied".
 */
export function powerCut(tears: number): PowerCut {
  const outcomes = remember((write: Write) => writeOutcomes(write, tears))
  const remnant = remnants(outcomes)
  return (nodes, choose) => {
    const left = new Map<Inode, DiskNode>()
    const answers: [DiskNode, readonly number[]][] = []
    let key = ''
    const keep = (inode: Inode): void => {
      const node = nodes.get(inode)
      if (node === undefined || left.has(inode)) return
      const given = ask(node, choose, outcomes)
      const kept = remnant(node, given)
      answers.push([node, given])
      left.set(inode, kept.node)
      key += `${inode}:${kept.id} `
      if (kept.node.kind === 'directory')
        for (const child of kept.node.durable.values()) keep(child)
    }
    keep(ROOT)
    return { nodes: left, key, explain: () => answers.flatMap((one) => explain(...one, outcomes)) }
  }
}

type Outcomes = (write: Write) => readonly WriteOutcome[]

/** One answer for each change of the node: 0 for lost, 1 for applied, or one of the outcomes. */
function ask(node: DiskNode, choose: Choose, outcomes: Outcomes): number[] {
  if (node.kind === 'symlink') return []
  if (node.kind === 'directory') {
    return node.unsynced.map(({ fate }) => (fate === 'durable' ? 1 : choose(2)))
  }
  return node.unsynced.map(({ fate, change }) =>
    fate === 'durable' ? 1 : choose(outcomes(change).length),
  )
}

/** Builds what is left of a node by these answers, once. */
function remnants(outcomes: Outcomes): (node: DiskNode, answers: readonly number[]) => Remnant {
  const known = remember((_node: DiskNode) => new Map<string, Remnant>())
  const ids = new Map<string, number>()
  return (node, answers) => {
    const key = answers.join()
    const found = known(node).get(key)
    if (found !== undefined) return found
    const left = build(node, answers, outcomes)
    const content = describeContent(left)
    const id = ids.get(content) ?? ids.size
    ids.set(content, id)
    const made = { node: left, id }
    known(node).set(key, made)
    return made
  }
}

function build(node: DiskNode, answers: readonly number[], outcomes: Outcomes): DiskNode {
  if (node.kind === 'symlink') return node
  if (node.kind === 'directory') return syncedDirectory(namesLeft(node, answers))
  return syncedFile(bytesLeft(node, answers, outcomes), node.modifiedMs)
}

/** The names that are left, sorted, so that equal directories look equal. */
function namesLeft(node: DirectoryNode, answers: readonly number[]): Names {
  let names = node.durable
  for (const [index, { change }] of node.unsynced.entries()) {
    if (answers[index] === 1) names = rename(names, change)
  }
  return new Map([...names].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function bytesLeft(node: FileNode, answers: readonly number[], outcomes: Outcomes): Uint8Array {
  let bytes = node.durable
  for (const [index, { change }] of node.unsynced.entries()) {
    const outcome = outcomes(change)[answers[index] ?? 0]
    if (outcome !== undefined) bytes = applyOutcome(bytes, change, outcome)
  }
  return bytes
}

/** Equal for equal nodes, and short. */
function describeContent(node: DiskNode): string {
  if (node.kind === 'symlink') return `symlink ${node.target}`
  if (node.kind === 'file') return `file ${sha256(node.durable).join()}`
  return `directory ${[...node.durable].map(([name, inode]) => `${name}/${inode}`).join('/')}`
}

function explain(node: DiskNode, answers: readonly number[], outcomes: Outcomes): string[] {
  if (node.kind === 'symlink') return []
  const doubtful = (fate: string) => fate !== 'durable'
  if (node.kind === 'directory') {
    return node.unsynced.flatMap(({ fate, operation }, index) =>
      doubtful(fate)
        ? [`${answers[index] === 1 ? 'applied' : 'lost'}: ${formatOperation(operation)}`]
        : [],
    )
  }
  return node.unsynced.flatMap(({ fate, change, operation }, index) => {
    const outcome = outcomes(change)[answers[index] ?? 0]
    if (outcome === undefined || !doubtful(fate)) return []
    const at = 'at' in outcome ? ` at ${outcome.at}` : ''
    return [`${outcome.kind}${at}: ${formatOperation(operation)}`]
  })
}

/** Computes once for each object. */
function remember<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    const made = compute(key)
    known.set(key, made)
    return made
  }
}
