import { coreError, err, fromHex, ok, toHex, type CoreError, type Result } from '@tidemark/core'

/** What a log says: the root of a branch's newest result. */
export interface PublishedRoot {
  /** Whose log it is: `refs/heads/main`; `HEAD` for what is on no branch. */
  readonly log: string
  /** The number of commits. */
  readonly position: number
  /** 64 lower-case hex digits: what the result is sealed under. */
  readonly root: string
  readonly commit: string
  /** ISO 8601, UTC. */
  readonly publishedAt: string
  /** A commit of another line, which somebody said may take the place of this one. */
  readonly accepted?: string
}

const BRANCHES = 'refs/heads/'

/** The log of a branch, by the branch's short name or whole. */
export function logOfBranch(branch: string): string {
  return branch.startsWith('refs/') ? branch : BRANCHES + branch
}

/** What people call the branch of a log. */
export function branchOf(log: string): string {
  return log.startsWith(BRANCHES) ? log.slice(BRANCHES.length) : log
}

/** The first line says what wrote it and whose log it is. */
const ORIGIN = 'strata '

const FORM = new RegExp(
  [
    `^${ORIGIN}(?<log>[^\\n]+)`,
    '(?<position>0|[1-9][0-9]{0,15})',
    '(?<root>[A-Za-z0-9+/]{43}=)',
    'commit (?<commit>[0-9a-f]{40,64})',
    'published (?<publishedAt>[0-9TZ:.-]{20,24})',
    '(?:accepted (?<accepted>[0-9a-f]{40,64})\n)?$',
  ].join('\n'),
  'u',
)

/**
 * A published root as bytes, in the form of a transparency log's checkpoint: lines of text, of
 * which the first is the origin, the second the size and the third the root in base64; then, of
 * ours, the commit, the time and, if there is one, the commit that is accepted in its place.
 */
export function encodePublishedRoot(published: PublishedRoot): Uint8Array {
  const { log, position, root, commit, publishedAt, accepted } = published
  const base64 = btoa(String.fromCharCode(...(fromHex(root) ?? [])))
  const lines = [ORIGIN + log, position, base64, `commit ${commit}`, `published ${publishedAt}`]
  if (accepted !== undefined) lines.push(`accepted ${accepted}`)
  return new TextEncoder().encode(`${lines.join('\n')}\n`)
}

/** Reads what {@link encodePublishedRoot} wrote for this log; anything else is refused. */
export function decodePublishedRoot(
  log: string,
  bytes: Uint8Array,
): Result<PublishedRoot, CoreError<'CORRUPTED'>> {
  const found = FORM.exec(new TextDecoder().decode(bytes))?.groups
  const { position = '', root = '', commit = '', publishedAt = '' } = found ?? {}
  if (found?.['log'] !== log) {
    const details = { what: 'published root', identifier: log, reason: 'it is another record' }
    return err(coreError('CORRUPTED', `what is published of ${log} cannot be read`, details))
  }
  const hash = toHex(Uint8Array.from(atob(root), (character) => character.charCodeAt(0)))
  const said = { log, position: Number(position), root: hash, commit, publishedAt }
  const accepted = found['accepted']
  return ok(accepted === undefined ? said : { ...said, accepted })
}
