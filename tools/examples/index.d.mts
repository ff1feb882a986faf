/** A program that the documentation shows. */
export interface Example {
  /** Where it stands. */
  readonly title: string
  readonly code: string
}

/**
 * The programs in the README of a folder. Blocks that import nothing are fragments; the others go on
 * from the first, until one means another thing by an imported name.
 */
export declare function readmeExamples(home: string): Example[]

/** The programs in the doc comments of a package's sources. */
export declare function sourceExamples(home: string): Example[]

/**
 * An example as a program that fails when it does not do what it says: what stands after `// =>`
 * becomes a check of the expression, or of the constant, before it.
 */
export declare function checkedProgram(example: Example): string
