import type { Choose } from './choices.ts'
import {
  rename,
  syncedDirectory,
  syncedFile,
  type DirectoryNode,
  type DiskNode,
  type FileNode,
  type Names,
  type Write,
} from './disk-image.ts'
import { formatOperation } from './journal.ts'
import { applyOutcome, type WriteOutcome } from './write-outcomes.ts'

/** What can become of a write; as in `writeOutcomes`. */
export type Outcomes = (write: Write) => readonly WriteOutcome[]

/** A name is there or not. */
const NAME_OUTCOMES: readonly WriteOutcome[] = [{ kind: 'lost' }, { kind: 'applied' }]

/** One answer for each change of the node: 0 for lost, 1 for applied, or one of the outcomes. */
export function ask(node: DiskNode, choose: Choose, outcomes: Outcomes): number[] {
  if (node.kind === 'symlink') return []
  if (node.kind === 'directory') {
    return node.unsynced.map(({ fate }) => (fate === 'durable' ? 1 : choose(2)))
  }
  return node.unsynced.map(({ fate, change }) =>
    fate === 'durable' ? 1 : choose(outcomes(change).length),
  )
}

/** What is left of a node by these answers, all of it durable. */
export function build(node: DiskNode, answers: readonly number[], outcomes: Outcomes): DiskNode {
  if (node.kind === 'symlink') return node
  if (node.kind === 'directory') return syncedDirectory(namesLeft(node, answers))
  return syncedFile(bytesLeft(node, answers, outcomes), node.modifiedMs)
}

/** The names that are left, sorted, so that equal directories look equal. */
export function namesLeft(node: DirectoryNode, answers: readonly number[]): Names {
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

/** What became of each doubtful change of a node, for a human. */
export function explain(node: DiskNode, answers: readonly number[], outcomes: Outcomes): string[] {
  if (node.kind === 'symlink') return []
  return node.unsynced.flatMap(({ fate, change, operation }, index) => {
    if (fate === 'durable') return []
    const answer = answers[index] ?? 0
    const outcome: WriteOutcome | undefined =
      'bytes' in change ? outcomes(change)[answer] : NAME_OUTCOMES[answer]
    if (outcome === undefined) return []
    const at = 'at' in outcome ? ` at ${outcome.at}` : ''
    return [`${outcome.kind}${at}: ${formatOperation(operation)}`]
  })
}
