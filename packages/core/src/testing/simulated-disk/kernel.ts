import {
  applyEffect,
  fileAt,
  ROOT,
  type DiskNode,
  type Effect,
  type Inode,
  type Nodes,
  type Write,
} from './disk-image.ts'
import { effectsOfFailure, faultPlan, type FaultPlan } from './faults.ts'
import type { JournalEntry, Operation } from './journal.ts'
import { errorIdOf, systemError, type ErrorId } from './system-error.ts'

/** What a call would do and give, were there no fault. */
export interface Outcome<T> {
  readonly value: T
  readonly effects: readonly Effect[]
  /** Set when the call fails after a part of its effects: a write that filled the disk. */
  readonly error?: ErrorId
}

/** What every view of one disk shares: the nodes, the journal, the faults, the open handles. */
export interface Kernel {
  readonly nodes: Nodes
  readonly journal: readonly JournalEntry[]
  readonly faults: FaultPlan
  /** Open handles: their inode and the path they were opened by. */
  readonly handles: Set<{ readonly inode: Inode; readonly path: string }>
  capacityBytes: number
  /** The next call's index. Marks and plants are not calls. */
  readonly calls: number
  usedBytes(): number
  nowMs(): number
  newInode(): Inode
  /** Runs one call: journal, faults, effects. Throws the error of the system. */
  call<T>(process: string, operation: Operation, act: () => Outcome<T>): T
  /** Writes what is no call into the journal. */
  note(operation: Operation, effects: readonly Effect[]): void
}

/** How a kernel starts. */
export interface KernelStart {
  readonly nodes: Nodes
  readonly capacityBytes: number
  readonly nowMs: (() => number) | undefined
}

/** A kernel on a disk. */
export function startKernel({ nodes: start, capacityBytes, nowMs }: KernelStart): Kernel {
  const nodes = new Map<Inode, DiskNode>(start)
  const journal: JournalEntry[] = []
  const faults = faultPlan()
  const handles = new Set<{ readonly inode: Inode; readonly path: string }>()
  let lastInode = ROOT
  for (const inode of nodes.keys()) lastInode = Math.max(lastInode, inode)
  let calls = 0

  function commit(
    process: string,
    operation: Operation,
    effects: readonly Effect[],
    error?: ErrorId,
  ) {
    for (const effect of effects) applyEffect(nodes, effect, operation)
    journal.push({ ...operation, process, effects, ...(error === undefined ? {} : { error }) })
  }

  return {
    nodes,
    journal,
    faults,
    handles,
    capacityBytes,
    get calls() {
      return calls
    },
    usedBytes: () => usedBytes(nodes, handles),
    nowMs: nowMs ?? (() => journal.length),
    newInode: () => (lastInode += 1),
    note: (operation, effects) => commit('test', operation, effects),
    call(process, operation, act) {
      const fault = faults.take(calls, process, operation)
      calls += 1
      const outcome = refusable(act)
      if (fault !== undefined) {
        const effects =
          'refused' in outcome ? [] : effectsOfFailure(fault, operation, outcome.effects)
        commit(process, operation, effects, fault.error)
        throw systemError(fault.error, operation)
      }
      if ('refused' in outcome) {
        commit(process, operation, [], outcome.refused)
        throw systemError(outcome.refused, operation)
      }
      commit(process, operation, outcome.effects, outcome.error)
      if (outcome.error !== undefined) throw systemError(outcome.error, operation)
      return outcome.value
    },
  }
}

/** A write, as far as there is room for it. */
export function write(kernel: Kernel, inode: Inode, { position, bytes }: Write): Outcome<void> {
  const modifiedMs = kernel.nowMs()
  const fits = room(kernel, inode) - position
  // A copy: the caller may use its own again.
  const written = bytes.slice(0, Math.max(0, Math.min(bytes.length, fits)))
  const effects: Effect[] =
    written.length === 0
      ? []
      : [{ kind: 'write', inode, write: { position, bytes: written }, modifiedMs }]
  const full = written.length < bytes.length
  return { value: undefined, effects, ...(full ? { error: 'ENOSPC' } : {}) }
}

/** How large that file may be. */
function room(kernel: Kernel, inode: Inode): number {
  if (kernel.capacityBytes === Infinity) return Infinity
  const size = fileAt(kernel.nodes, inode).visible.length
  return Math.max(size, kernel.capacityBytes - kernel.usedBytes() + size)
}

/** The bytes of all files that have a name or are open. */
function usedBytes(nodes: Nodes, handles: Iterable<{ readonly inode: Inode }>): number {
  const seen = new Set<Inode>()
  const visit = (inode: Inode): number => {
    if (seen.has(inode)) return 0
    seen.add(inode)
    const node = nodes.get(inode)
    if (node?.kind === 'file') return node.visible.length
    if (node?.kind !== 'directory') return 0
    return [...node.visible.values()].reduce((sum, child) => sum + visit(child), 0)
  }
  let used = visit(ROOT)
  for (const { inode } of handles) used += visit(inode)
  return used
}

function refusable<T>(act: () => Outcome<T>): Outcome<T> | { readonly refused: ErrorId } {
  try {
    return act()
  } catch (thrown) {
    const refused = errorIdOf(thrown)
    if (refused === undefined) throw thrown
    return { refused }
  }
}
