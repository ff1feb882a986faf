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
} from './disk-image.ts'
import type { Operation } from './journal.ts'
import { applyOutcome, writeOutcomes } from './write-outcomes.ts'

/** One disk that a power cut can leave. */
export interface Remains {
  /** What can be reached from the root, all of it durable. */
  readonly nodes: Nodes
  /** Equal for equal disks. */
  readonly key: string
  /** What became of each unsynced change that matters. */
  readonly fates: readonly Fate[]
}

/** What became of one unsynced change. */
export interface Fate {
  readonly operation: Operation
  readonly outcome: string
}

/** Cuts the power: chooses for each unsynced change what becomes of it. */
export type PowerCut = (nodes: Nodes, choose: Choose) => Remains

/**
 * Makes a {@link PowerCut} that tears a write at up to `tears` places.
 *
 * Choices are made from the root down, so nothing is asked about what the cut made unreachable.
 * Answer 0 is always "lost" and answer 1 "applied". It remembers the contents it has built.
 */
export function powerCut(tears: number): PowerCut {
  const contents = contentsMemory(tears)
  return (nodes, choose) => {
    const kept = new Map<Inode, DiskNode>()
    const fates: Fate[] = []
    let key = ''
    const keep = (inode: Inode): void => {
      const node = nodes.get(inode)
      if (node === undefined || kept.has(inode)) return
      if (node.kind === 'symlink') {
        kept.set(inode, node)
        key += `${inode}>${node.target};`
      } else if (node.kind === 'file') {
        const { content, digest } = contents(node, choose, fates)
        kept.set(inode, content)
        key += `${inode}#${digest};`
      } else {
        const names = keptNames(node, choose, fates)
        kept.set(inode, syncedDirectory(new Map(names)))
        key += `${inode}{${names.map(([name, child]) => `${name}/${child}`).join('/')}};`
        for (const [, child] of names) keep(child)
      }
    }
    keep(ROOT)
    return { nodes: kept, key, fates }
  }
}

/** The names that are left, sorted, so that equal directories look equal. */
function keptNames(node: DirectoryNode, choose: Choose, fates: Fate[]): [string, Inode][] {
  let names: Names = node.durable
  for (const { change, fate, operation } of node.unsynced) {
    const applied = fate === 'durable' || choose(2) === 1
    if (fate !== 'durable') fates.push({ operation, outcome: applied ? 'applied' : 'lost' })
    if (applied) names = rename(names, change)
  }
  return [...names].sort(([a], [b]) => (a < b ? -1 : 1))
}

interface Content {
  readonly content: FileNode
  readonly digest: string
}

type Contents = (node: FileNode, choose: Choose, fates: Fate[]) => Content

/** What is left of a file; each combination of outcomes is built and hashed once. */
function contentsMemory(tears: number): Contents {
  const built = new WeakMap<FileNode, Map<string, Content>>()
  return (node, choose, fates) => {
    const outcomes = node.unsynced.map(({ change, fate, operation }) => {
      if (fate === 'durable') return { kind: 'applied' as const }
      const possible = writeOutcomes(change, tears)
      const outcome = possible[choose(possible.length)] ?? { kind: 'lost' as const }
      const at = 'at' in outcome ? ` at ${outcome.at}` : ''
      fates.push({ operation, outcome: `${outcome.kind}${at}` })
      return outcome
    })
    const memory = built.get(node) ?? new Map<string, Content>()
    built.set(node, memory)
    const key = outcomes.map((one) => `${one.kind}${'at' in one ? one.at : ''}`).join()
    const known = memory.get(key)
    if (known !== undefined) return known
    let bytes = node.durable
    for (const [index, { change }] of node.unsynced.entries()) {
      bytes = applyOutcome(bytes, change, outcomes[index] ?? { kind: 'lost' })
    }
    const content = { content: syncedFile(bytes, node.modifiedMs), digest: digestOf(bytes) }
    memory.set(key, content)
    return content
  }
}

function digestOf(bytes: Uint8Array): string {
  return sha256(bytes).reduce((text, byte) => text + String.fromCharCode(byte), '')
}
