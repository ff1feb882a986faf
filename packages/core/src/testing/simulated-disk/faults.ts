import type { Effect } from './disk-image.ts'
import type { Call, Operation } from './journal.ts'
import { openRefuses, type ErrorId } from './system-error.ts'

/** Which calls fail, and how. */
export interface FaultOptions {
  /** Only calls of this kind. */
  readonly call?: Call
  /** Only calls on this path (of a handle: the path it was opened by). */
  readonly path?: string
  /** Only calls of this process. */
  readonly process?: string
  /** How many calls fail; 1 unless said. `Infinity` for a disk that stays broken. */
  readonly times?: number
  /** The call takes effect and fails all the same, as when only the answer is lost. */
  readonly applied?: boolean
  /** Of a failing `write`: so many bytes were written before it failed. */
  readonly afterBytes?: number
}

/** A fault that is waiting for its call. */
export interface Fault extends FaultOptions {
  readonly error: ErrorId
  /** Only the call of this index. */
  readonly index?: number
}

/** The faults that a disk has been told of. */
export interface FaultPlan {
  add(fault: Fault): void
  /** The fault for this call, if there is one; it is used up. */
  take(index: number, process: string, operation: Operation): Fault | undefined
  clear(): void
}

/** An empty plan. */
export function faultPlan(): FaultPlan {
  let waiting: { readonly fault: Fault; left: number }[] = []
  return {
    add: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    take(index, process, operation) {
      const found = waiting.find(({ fault }) => hits(fault, index, process, operation))
      if (found === undefined) return undefined
      found.left -= 1
      if (found.left <= 0) waiting = waiting.filter((one) => one !== found)
      return found.fault
    },
    clear: () => void (waiting = []),
  }
}

/** What is left of the effects of a call that fails. */
export function effectsOfFailure(
  fault: Fault,
  { call }: Operation,
  effects: readonly Effect[],
): Effect[] {
  if (call === 'syncDirectory' && openRefuses(fault.error)) return []
  return effects.flatMap((effect): Effect[] => {
    // A failed sync is never nothing: the kernel forgets that these changes are unwritten.
    if (effect.kind === 'sync') return [{ kind: 'abandon', inode: effect.inode }]
    if (fault.applied === true) return [effect]
    if (effect.kind !== 'write' || fault.afterBytes === undefined) return []
    const bytes = effect.write.bytes.slice(0, fault.afterBytes)
    return bytes.length === 0 ? [] : [{ ...effect, write: { ...effect.write, bytes } }]
  })
}

function hits(fault: Fault, index: number, process: string, operation: Operation): boolean {
  return (
    (fault.index ?? index) === index &&
    (fault.process ?? process) === process &&
    (fault.call ?? operation.call) === operation.call &&
    (fault.path ?? operation.path) === operation.path
  )
}
