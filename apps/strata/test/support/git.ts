import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { makeRepository } from '../../src/demo/make-repository.ts'
import { unwrap } from '@tidemark/core'
import { scratch } from './scratch.ts'

/** Surroundings in which no configuration of this machine counts. */
export const CLEAN: Readonly<Record<string, string | undefined>> = {
  PATH: process.env['PATH'],
  LC_ALL: 'C',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
}

/** Runs git and gives its output, one character per byte. */
export function git(directory: string, args: readonly string[], input = ''): string {
  return execFileSync('git', ['-C', directory, ...args], {
    env: CLEAN,
    input: Uint8Array.from(input, (character) => character.charCodeAt(0)),
    stdio: ['pipe', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
  }).toString('latin1')
}

/** An empty repository with a working tree. */
export async function emptyRepository(): Promise<string> {
  const directory = join(await scratch(), 'repository')
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', directory], { env: CLEAN })
  return directory
}

/** A repository with a made-up history of so many commits. */
export async function madeRepository(commits: number, seed = 1): Promise<string> {
  const directory = join(await scratch(), 'made')
  unwrap(await makeRepository(directory, { seed, commits }, CLEAN))
  return directory
}

/** What a commit does to a path: its new content, or a mode and content, or its removal. */
export type Content = string | { readonly mode: string; readonly content: string } | undefined

/** A commit to be made. Paths and contents are one character per byte. */
export interface NewCommit {
  readonly files: Readonly<Record<string, Content>>
  /** Seconds since 1970. */
  readonly at?: number
  /** As git writes it: `name <address>`. */
  readonly author?: string
  /** Default: the tip of the branch. */
  readonly branch?: string
  readonly from?: string | undefined
  readonly merge?: string | undefined
}

const SOMEBODY = 'Somebody <somebody@example.com>'

/** Adds commits to a repository; gives their names. */
export function commit(directory: string, commits: readonly NewCommit[]): string[] {
  const names = commits.map((each) => {
    const { branch = 'main', at = 1_500_000_000, from, merge, author = SOMEBODY } = each
    const when = `${at} +0000`
    const tip = from ?? tipOf(directory, branch)
    const lines = [
      `commit refs/heads/${branch}`,
      `author ${author} ${when}`,
      `committer ${SOMEBODY} ${when}`,
    ]
    lines.push('data 1', 'x')
    if (tip !== undefined) lines.push(`from ${tip}`)
    if (merge !== undefined) lines.push(`merge ${merge}`)
    for (const [path, content] of Object.entries(each.files)) lines.push(change(path, content))
    git(directory, ['fast-import', '--quiet', '--force'], `${lines.join('\n')}\n`)
    return git(directory, ['rev-parse', branch]).trim()
  })
  return names
}

function change(path: string, content: Content): string {
  const quoted = `"${path.replace(/["\\]/gu, '\\$&').replaceAll('\n', '\\n')}"`
  if (content === undefined) return `D ${quoted}`
  const { mode, content: text } =
    typeof content === 'string' ? { mode: '100644', content } : content
  if (mode === '160000') return `M 160000 ${text} ${quoted}`
  return `M ${mode} inline ${quoted}\ndata ${text.length}\n${text}`
}

function tipOf(directory: string, branch: string): string | undefined {
  try {
    return git(directory, ['rev-parse', '--quiet', '--verify', `refs/heads/${branch}`]).trim()
  } catch {
    return undefined
  }
}
