import { join } from 'node:path'
import { err, ok, type AsyncResult, type BlobStore } from '@tidemark/core'
import { strataError, type Failure } from '../errors.ts'
import { ownStore } from '../find-store.ts'
import type { Repository } from '../history/repository.ts'
import { isAnythingKept, openKept, type Kept } from '../tidemark/wrappers.ts'
import { keyOfEnvironment, keyOfFile, makeKey } from './key.ts'
import { knownIn, NOTHING_KNOWN } from './known.ts'

/** Where something is kept, and whose it is. */
export interface KeptPlace {
  readonly store: BlobStore
  /** Where the store lies: notes are about a location. */
  readonly location: string
  /** Its git directory has the key and the notes. A store alone has neither. */
  readonly repository: Repository | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What stays on this machine, wherever the store is. */
const LOCAL = 'local'

/**
 * Opens what is kept to save there: with the key of `STRATA_KEY`, else with that of the
 * repository, which is made if there is none yet.
 */
export async function openToSave(
  place: KeptPlace & { readonly repository: Repository },
): AsyncResult<Kept, Failure> {
  const secret = await secretOf(place)
  if (!secret.ok) return secret
  const local = localOf(place.repository)
  const made = secret.value === undefined ? await makeKey(local) : secret
  if (!made.ok) return made
  return made.value === undefined ? err(noKey()) : openWith(place, made.value)
}

/** Opens what is kept to look at it; `undefined` when nothing is. Makes nothing in the store. */
export async function openToLook(place: KeptPlace): AsyncResult<Kept | undefined, Failure> {
  const secret = await secretOf(place)
  if (!secret.ok) return secret
  if (secret.value !== undefined) return openWith(place, secret.value)
  return (await isAnythingKept(place.store)) ? err(noKey()) : ok(undefined)
}

/** A key that lies in a store is not believed: it came with what it would have to prove. */
async function secretOf({ repository, environment }: KeptPlace): ReturnType<typeof keyOfFile> {
  const given = await keyOfEnvironment(environment)
  if (!given.ok || given.value !== undefined || repository === undefined) return given
  return keyOfFile(localOf(repository))
}

async function openWith(place: KeptPlace, secret: Uint8Array): AsyncResult<Kept, Failure> {
  const { store, location, repository } = place
  const known = repository === undefined ? NOTHING_KNOWN : knownIn(localOf(repository), location)
  return openKept(store, secret, known)
}

function localOf(repository: Repository): string {
  return join(ownStore(repository), LOCAL)
}

function noKey(): Failure {
  const message =
    'what is kept here was sealed with a key that is not here: set STRATA_KEY to it, or name the ' +
    'repository that it was made in, and --store'
  return strataError('KEY_UNUSABLE', message, { source: 'file', reason: 'absent' })
}
