import { sha256 } from '#digest'
import { everyChoice, type Choose } from './choices.ts'
import { ROOT, type DiskNode, type Inode, type Nodes, type Write } from './disk-image.ts'
import { ask, build, explain, namesLeft, type Outcomes } from './node-outcomes.ts'
import { writeOutcomes } from './write-outcomes.ts'

/** One disk that a power cut can leave. */
export interface Remains {
  /** What can be reached from the root, all of it durable. */
  readonly nodes: Nodes
  /** Equal for equal disks, when one {@link PowerCut} made them. */
  readonly key: string
  /** What became of each unsynced change that matters, for a human. */
  readonly explain: () => string[]
}

/** The ways in which the power can be cut. */
export interface PowerCut {
  /** Cuts the power: `choose` says what becomes of each unsynced change. */
  readonly cut: (nodes: Nodes, choose: Choose) => Remains
  /** How many ways there are; `Infinity` when they are more than `limit`. */
  readonly ways: (nodes: Nodes, limit: number) => number
}

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
  const cut = (nodes: Nodes, choose: Choose): Remains => {
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
    const explained = () => answers.flatMap(([node, given]) => explain(node, given, outcomes))
    return { nodes: left, key, explain: explained }
  }
  return { cut, ways: (nodes, limit) => waysToCut(nodes, limit, outcomes) }
}

/** Counts without building: directory by directory, and a file's ways by its outcomes alone. */
function waysToCut(nodes: Nodes, limit: number, outcomes: Outcomes): number {
  const ways = remember((node: DiskNode): number => {
    if (node.kind === 'symlink') return 1
    if (node.kind === 'file') {
      const doubtful = node.unsynced.filter(({ fate }) => fate !== 'durable')
      return doubtful.reduce((product, { change }) => product * outcomes(change).length, 1)
    }
    if (2 ** node.unsynced.filter(({ fate }) => fate !== 'durable').length > limit) return Infinity
    let sum = 0
    for (const choose of everyChoice()) {
      // A file with two names here is decided once.
      const children = new Set(namesLeft(node, ask(node, choose, outcomes)).values())
      sum += [...children].reduce((product, child) => product * waysOf(child), 1)
      if (sum > limit) return Infinity
    }
    return sum
  })
  const waysOf = (inode: Inode): number => {
    const node = nodes.get(inode)
    return node === undefined ? 1 : ways(node)
  }
  const total = waysOf(ROOT)
  return total > limit ? Infinity : total
}

/** So many bytes of contents are kept at most before all are forgotten. */
const REMEMBERED_BYTES = 64 * 1024 * 1024

/** Builds what is left of a node by these answers, once if memory allows. */
function remnants(outcomes: Outcomes): (node: DiskNode, answers: readonly number[]) => Remnant {
  let known = remember((_node: DiskNode) => new Map<string, Remnant>())
  let rememberedBytes = 0
  const ids = new Map<string, number>()
  return (node, answers) => {
    const key = answers.join()
    const found = known(node).get(key)
    if (found !== undefined) return found
    const left = build(node, answers, outcomes)
    const content = describeContent(left)
    const id = ids.get(content) ?? ids.size
    ids.set(content, id)
    if (left.kind === 'file') rememberedBytes += left.durable.length
    if (rememberedBytes > REMEMBERED_BYTES) {
      known = remember(() => new Map<string, Remnant>())
      rememberedBytes = 0
    }
    const made = { node: left, id }
    known(node).set(key, made)
    return made
  }
}

/** Equal for equal nodes, and short. */
function describeContent(node: DiskNode): string {
  if (node.kind === 'symlink') return `symlink ${node.target}`
  if (node.kind === 'file') return `file ${sha256(node.durable).join()}`
  return `directory ${[...node.durable].map(([name, inode]) => `${name}/${inode}`).join('/')}`
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
