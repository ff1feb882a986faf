import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CoreError,
  type StandardIssue,
  type StandardSchema,
} from '@tidemark/core'

/** What a schema makes of a value; `SCHEMA_MISMATCH` with its issues when it refuses. */
export async function validate<T>(
  schema: StandardSchema<T>,
  value: unknown,
  place: { readonly identifier: string; readonly key: string },
): AsyncResult<T, CoreError<'SCHEMA_MISMATCH'>> {
  const outcome = await schema['~standard'].validate(value)
  if (outcome.issues === undefined) return ok(outcome.value)
  const issues = outcome.issues.map(describe)
  const first = issues[0]?.message ?? 'no reason given'
  const message = `the value does not fit its schema: ${first}`
  return err(coreError('SCHEMA_MISMATCH', message, { ...place, issues }))
}

function describe(issue: StandardIssue): { message: string; path: string } {
  const names = (issue.path ?? []).map((step) => String(typeof step === 'object' ? step.key : step))
  return { message: issue.message, path: names.join('.') }
}
