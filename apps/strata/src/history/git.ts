import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { attempt, quote, thrownError, type AsyncResult } from '@tidemark/core'
import { strataError, type StrataError } from '../errors.ts'
import { unknownOutput } from './byte-input.ts'

/** Where and with what surroundings git is run. */
export interface GitPlace {
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What may go wrong with any call of git. */
export type GitError = StrataError<
  | 'GIT_NOT_FOUND'
  | 'PATH_UNREADABLE'
  | 'NOT_A_REPOSITORY'
  | 'DUBIOUS_OWNERSHIP'
  | 'OBJECTS_MISSING'
  | 'GIT_FAILED'
  | 'GIT_OUTPUT_UNKNOWN'
>

/** Of what git complains about, the end is kept: there it says what ended it. */
const MAX_COMPLAINT_LENGTH = 8 * 1024

/** Answers to questions are short; one that is not was not the answer to the question. */
const MAX_ANSWER_LENGTH = 1 << 20

/** A running git. */
export interface GitProcess {
  /** What it is told. */
  readonly input: Writable
  /** What it writes, as it comes. Throws a {@link GitError} when it fails, also at the end. */
  readonly output: AsyncIterable<Uint8Array>
  /** Lets a git go that is not needed any more. Safe to repeat. */
  stop(): Promise<void>
}

/** Starts git. Who has nothing to tell it ends its input. */
export function startGit(place: GitPlace, args: readonly string[]): GitProcess {
  const child = spawn('git', args, {
    cwd: place.directory,
    env: place.environment,
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for us, who still want the commit at hand.
    detached: true,
  })
  const ended = endOf(child, args[0] ?? 'git', place)
  // Whoever reads the output hears of a failure; nobody else needs to.
  ended.catch(() => undefined)
  // A git that ends early closes its input: why it ended is told by its exit, not by the pipe.
  child.stdin.on('error', () => undefined)
  return {
    input: child.stdin,
    output: outputOf(child.stdout, ended),
    stop: async () => {
      child.kill('SIGTERM')
      child.stdout.destroy()
      await ended.catch(() => undefined)
    },
  }
}

/** Runs git and gives all that it wrote, as text without the last line feed. */
export async function askGit(
  place: GitPlace,
  args: readonly string[],
): AsyncResult<string, GitError> {
  const git = startGit(place, args)
  git.input.end()
  const answer = async (): Promise<string> => {
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of git.output) {
      text += decoder.decode(chunk, { stream: true })
      if (text.length > MAX_ANSWER_LENGTH) throw unknownOutput('a short answer')
    }
    return (text + decoder.decode()).replace(/\n$/u, '')
  }
  const result = await attempt(answer, thrownError<GitError>)
  await git.stop()
  return result
}

async function* outputOf(stdout: Readable, ended: Promise<void>): AsyncGenerator<Uint8Array, void> {
  yield* chunksOf(stdout)
  await ended
}

async function* chunksOf(stdout: Readable): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of stdout) if (chunk instanceof Uint8Array) yield chunk
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>

/** Resolves when git has ended well, rejects with what went wrong. */
function endOf(child: Child, command: string, place: GitPlace): Promise<void> {
  let complaint = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = lastLines(complaint + text)
  })
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(startFailure(error, place)))
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(complaintError(complaint, command, code ?? signal ?? 'unknown', place))
    })
  })
}

function lastLines(text: string): string {
  if (text.length <= MAX_COMPLAINT_LENGTH) return text
  const end = text.slice(-MAX_COMPLAINT_LENGTH)
  return end.slice(end.indexOf('\n') + 1)
}

function startFailure(error: Error, place: GitPlace): GitError {
  const system = 'code' in error ? String(error.code) : error.name
  if (system !== 'ENOENT') {
    const details = { command: 'git', exit: system, message: error.message }
    return strataError('GIT_FAILED', `git cannot be started (${system})`, details, error)
  }
  const path = place.environment['PATH']
  const message = 'git is not installed, or not on the PATH. Strata reads history through git'
  return strataError('GIT_NOT_FOUND', message, { path }, error)
}

/** Turns what git said (in English, see `LC_ALL`) into an error that says what to do. */
function complaintError(
  said: string,
  command: string,
  exit: number | string,
  place: GitPlace,
): GitError {
  const complaint = said.replace(/^warning: .*\n/gmu, '').trim()
  const path = place.directory
  if (/dubious ownership|unsafe repository/u.test(complaint)) {
    const remedy = /git config --global --add safe\.directory .*/u.exec(complaint)?.[0] ?? complaint
    const message =
      `${quote(path)} belongs to another user, so git refuses to read it ("dubious ownership"). ` +
      `If you trust it: ${remedy}`
    return strataError('DUBIOUS_OWNERSHIP', message, { path, remedy })
  }
  if (/not a git repository/u.test(complaint)) {
    const message = `${quote(path)} is not inside a git repository`
    return strataError('NOT_A_REPOSITORY', message, { path })
  }
  if (/permission denied/iu.test(complaint)) {
    const message = `${quote(path)} cannot be read: ${complaint}`
    return strataError('PATH_UNREADABLE', message, { path, system: 'EACCES' })
  }
  if (/unable to read|missing (blob|tree|commit)|bad object|could not read/iu.test(complaint)) {
    const message =
      `an object of the history is missing (${complaint}). In a partial clone, ` +
      '`git fetch --refetch --no-filter` gets all of them; else see `git fsck`'
    return strataError('OBJECTS_MISSING', message, { message: complaint })
  }
  const message = `git ${command} failed (${exit}): ${complaint}`
  return strataError('GIT_FAILED', message, { command, exit, message: complaint })
}
