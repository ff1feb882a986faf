import type { AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { EXIT, exitCodeOf } from './exit-code.ts'
import { sentenceOf } from './kept/refusal.ts'
import { failureJson } from './report/json.ts'
import { pageFor, type Page } from './report/page.ts'
import type { Surroundings } from './surroundings.ts'

/** A command that looks at something and tells what it saw. */
export interface Look<T> {
  readonly json: boolean
  readonly look: () => AsyncResult<T, Failure>
  readonly text: (seen: T, page: Page) => string
  readonly toJson: (seen: T) => string
  /** What people are told of a failure. Default: its message. */
  readonly explain?: (failure: Failure) => string
}

/** Looks, and tells people or programs; gives the exit code. */
export async function lookCommand<T>(
  { json, look, text, toJson, explain = sentenceOf }: Look<T>,
  { out, err, environment }: Surroundings,
): Promise<number> {
  const seen = await look()
  if (!seen.ok) {
    const { bad } = pageFor(err, environment).paint
    if (json) out.write(`${failureJson(seen.error)}\n`)
    else err.write(`${bad('strata:')} ${explain(seen.error)}\n`)
    return exitCodeOf(seen.error)
  }
  out.write(json ? `${toJson(seen.value)}\n` : text(seen.value, pageFor(out, environment)))
  return EXIT.done
}
