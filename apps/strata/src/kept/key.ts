import { link, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  attempt,
  err,
  fromHex,
  ok,
  randomBytes,
  thrownError,
  toHex,
  type AsyncResult,
} from '@tidemark/core'
import { strataError, type StrataError } from '../errors.ts'
import { unwritable } from './known.ts'

/** Why there is no key. */
export type KeyError = StrataError<'KEY_UNUSABLE' | 'LOCAL_UNWRITABLE'>

/** The bytes of a key, and its hex digits. */
const KEY_BYTES = 32
const FORM = /^[0-9a-f]{64}\s*$/iu

/** Much longer is no key: it is not read. */
const MAX_FILE_BYTES = 128

/** Any right of the group or of others. */
const OTHERS = 0o077

/** The key that `STRATA_KEY` holds; `undefined` without it. No message shows it. */
export async function keyOfEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): AsyncResult<Uint8Array | undefined, KeyError> {
  const text = environment['STRATA_KEY']
  if (text === undefined || text === '') return ok(undefined)
  const secret = decode(text)
  if (secret !== undefined) return ok(secret)
  const message = 'STRATA_KEY is not a key: 64 hex digits, as `openssl rand -hex 32` makes them'
  return err(strataError('KEY_UNUSABLE', message, { source: 'STRATA_KEY', reason: 'form' }))
}

/** The key in the file `key` of a directory; `undefined` where there is none. */
export async function keyOfFile(directory: string): AsyncResult<Uint8Array | undefined, KeyError> {
  const path = join(directory, 'key')
  return attempt(() => readKey(path), thrownError<KeyError>)
}

/** Makes the key of a directory, for its owner's eyes alone; whoever is first decides. */
export async function makeKey(directory: string): AsyncResult<Uint8Array | undefined, KeyError> {
  const path = join(directory, 'key')
  // Linked when it is whole: nobody ever reads half a key, and a kill leaves none.
  const draft = `${path}.${toHex(randomBytes(8))}`
  const written = await attempt(
    async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const file = await open(draft, 'wx', 0o600)
      try {
        await file.writeFile(`${toHex(randomBytes(KEY_BYTES))}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
    },
    (thrown) => thrown,
  )
  if (!written.ok) return err(unwritable(directory, written.error))
  const linked = await attempt(
    () => link(draft, path),
    (thrown) => thrown,
  )
  await rm(draft, { force: true })
  const isThere = linked.ok || systemCode(linked.error) === 'EEXIST'
  return isThere ? keyOfFile(directory) : err(unwritable(directory, linked.error))
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const opened = await attempt(
    () => open(path, 'r'),
    (thrown) => thrown,
  )
  if (!opened.ok) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(opened.error))) return undefined
    throw unusable(path, 'absent', `${path} cannot be read (${systemCode(opened.error)})`)
  }
  const file = opened.value
  try {
    const { mode, size } = await file.stat()
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) {
      const remedy = `others may read the key in ${path}: \`chmod 600\` it, if nobody has`
      throw unusable(path, 'exposed', remedy)
    }
    const secret = size > MAX_FILE_BYTES ? undefined : decode(await file.readFile('utf8'))
    if (secret !== undefined) return secret
    throw unusable(
      path,
      'form',
      `${path} is not a key; put it back, or delete it to have a new one`,
    )
  } finally {
    await file.close()
  }
}

function decode(text: string): Uint8Array | undefined {
  return FORM.test(text) ? fromHex(text.trim().toLowerCase()) : undefined
}

function unusable(
  path: string,
  reason: 'form' | 'absent' | 'exposed',
  message: string,
): StrataError<'KEY_UNUSABLE'> {
  return strataError('KEY_UNUSABLE', message, { source: 'file', reason, path })
}

function systemCode(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown'
}
