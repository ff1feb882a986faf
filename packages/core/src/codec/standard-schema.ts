/**
 * Any validator that follows the Standard Schema convention, version 1: zod, valibot, arktype and
 * others. Only types: no validator is a dependency.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (
      value: unknown,
    ) => StandardOutcome<Output> | Promise<StandardOutcome<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a validator answers. */
export type StandardOutcome<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** One thing that a validator found wrong. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type that a schema gives. */
export type OutputOf<Schema> = Schema extends StandardSchema<infer Output> ? Output : never

/** An issue as details of an error: its message and the place, `a.0.b`. */
export function describeIssue(issue: StandardIssue): { message: string; path: string } {
  const steps = issue.path ?? []
  const names = steps.map((step) => String(typeof step === 'object' ? step.key : step))
  return { message: issue.message, path: names.join('.') }
}
