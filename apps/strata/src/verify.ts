import type { AsyncResult } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { findStore, type StoreQuestion } from './find-store.ts'
import { short } from './notices.ts'
import { formatNoun } from './report/format.ts'
import { JSON_VERSION } from './report/json.ts'
import type { Page } from './report/page.ts'
import { verifySealed, type Verified } from './tidemark/mkvs-chunks.ts'

/** Restores the sealed result of a root from a store, and checks every byte of it. */
export async function verify(
  question: StoreQuestion,
  root: string,
): AsyncResult<Verified, Failure> {
  const found = await findStore(question)
  if (!found.ok) return found
  const { store } = found.value
  const verified = await verifySealed(store, root)
  await store.close()
  return verified
}

/** What was verified, as text. */
export function renderVerified(verified: Verified, { paint }: Page): string {
  const { root, commit, position, files, lines, chunks } = verified
  const at = commit === '' ? '' : `, ${short(commit)}`
  return [
    `  ${paint.good('✓')} ${root}`,
    `    ${formatNoun(chunks, 'chunk')} restored and proven, none is missing`,
    `    ${formatNoun(position, 'commit')}${at}: ${formatNoun(lines, 'line')} in ${formatNoun(files, 'file')}`,
    '',
  ].join('\n')
}

/** The same as one line of JSON; the README describes each field. */
export function verifiedJson(verified: Verified): string {
  return JSON.stringify({ strata: JSON_VERSION, verified: true, ...verified })
}

/** What people are told when it does not verify: which chunk, and by which code. */
export function explainRefusal({ code, message, details }: Failure): string {
  const which = 'index' in details && details.index !== undefined ? `chunk ${details.index}` : ''
  const why = REFUSALS.get(code)
  if (why === undefined) return message
  return `${which === '' ? 'the list of chunks' : which} ${why} (${code}). Seal it again: run --fresh`
}

const REFUSALS: ReadonlyMap<string, string> = new Map<Failure['code'], string>([
  ['CHUNK_NOT_FOUND', 'is lost'],
  ['CHUNK_CORRUPTED', 'is not what was sealed'],
  ['CHUNK_PROOF_VERIFICATION_FAILED', 'is a lie: it does not belong to this root, or is not all'],
])
