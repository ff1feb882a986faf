/**
 * One promise of a port, as data: no test runner is needed to run it.
 *
 * A suite is a list of these, given by `blobStoreContract`, `commitLogContract` and their like. Hand
 * each to the test runner you have; a case that needs what the subject does not support is skipped
 * by name, never silently.
 *
 * @example
 * import { MemoryBlobStore } from '@tidemark/core'
 * import { blobStoreContract, unmetNeeds } from '@tidemark/core/testing'
 *
 * const { supports } = new MemoryBlobStore()
 * for (const { name, needs, run } of blobStoreContract({ open: () => new MemoryBlobStore() })) {
 *   if (unmetNeeds(needs, supports).length === 0) await run() // `it(name, run)` in a test runner
 * }
 */
export interface ContractCase<Subject extends Supporting = Supporting> {
  /** What holds, as a sentence. */
  readonly name: string
  /** What the subject must support for the case to mean anything. */
  readonly needs: readonly Feature<Subject>[]
  /** Opens a subject of its own, and rejects with an `Error` that says what did not hold. */
  readonly run: () => Promise<void>
}

/** Whatever says what it supports. */
export interface Supporting {
  readonly supports: object
}

/** The name of something a subject may support. */
export type Feature<Subject extends Supporting> = keyof Subject['supports'] & string

/**
 * Which of a case's needs a subject does not meet. A feature is there when its value is neither
 * `false`, 0 nor `'none'`.
 */
export function unmetNeeds(needs: readonly string[], supports: object): string[] {
  return needs.filter((need) => {
    const value: unknown = Reflect.get(supports, need)
    return value === undefined || value === false || value === 0 || value === 'none'
  })
}
