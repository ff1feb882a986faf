import { randomBytes } from 'node:crypto'
import { attempt, type AsyncResult } from '@tidemark/core'
import { strataError, type Failure } from '../errors.ts'
import { EXIT, exitCodeOf } from '../exit-code.ts'
import { ownStore } from '../find-store.ts'
import { openRepository } from '../history/repository.ts'
import { failureJson, JSON_VERSION } from '../report/json.ts'
import { pageFor } from '../report/page.ts'
import type { Surroundings } from '../surroundings.ts'
import { serve, type Serving } from './serve.ts'

/** What the command line asks for. */
export interface ServeCommandOptions {
  readonly path: string
  readonly store: string | undefined
  readonly every: number | undefined
  /** 0: any that is free. */
  readonly port: number
  readonly json: boolean
}

/** Nobody guesses that. */
const TOKEN_BYTES = 16

/** Serves the page until it is interrupted; gives the exit code. */
export async function serveCommand(
  options: ServeCommandOptions,
  surroundings: Surroundings,
): Promise<number> {
  const { out, err, environment, signal } = surroundings
  const token = randomBytes(TOKEN_BYTES).toString('hex')
  const serving = await open(options, surroundings, token)
  if (!serving.ok) {
    const { bad } = pageFor(err, environment).paint
    if (options.json) out.write(`${failureJson(serving.error)}\n`)
    else err.write(`${bad('strata:')} ${serving.error.message}\n`)
    return exitCodeOf(serving.error)
  }
  const { url, close } = serving.value
  const { bold, faint } = pageFor(out, environment).paint
  if (options.json) out.write(`${JSON.stringify({ strata: JSON_VERSION, url, token })}\n`)
  else {
    out.write(`\n  ${bold(`${url}#${token}`)}\n\n`)
    out.write(
      faint('  Only this machine can open it. What follows # is the token: who has it may\n'),
    )
    out.write(faint('  start and kill runs; without it the page only shows. Ctrl-C ends it.\n\n'))
  }
  if (!signal.aborted) {
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  }
  await close()
  return EXIT.done
}

async function open(
  { path, store, every, port }: ServeCommandOptions,
  { environment, now, date }: Surroundings,
  token: string,
): AsyncResult<Serving, Failure> {
  const found = await openRepository(path, environment)
  if (!found.ok) return found
  const about = { repository: path, store: store ?? ownStore(found.value), every }
  const options = { about, store, port, token, environment, now, date }
  return attempt(
    () => serve(options),
    (thrown) => portUnavailable(thrown, port),
  )
}

/** What is no refusal of the port is a bug, and stays thrown. */
function portUnavailable(thrown: unknown, port: number): Failure {
  const system = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  if (system !== 'EADDRINUSE' && system !== 'EACCES') throw thrown
  const message = `port ${port} is not to be had (${system}). Name another with --port, or none`
  return strataError('PORT_UNAVAILABLE', message, { port, system })
}
