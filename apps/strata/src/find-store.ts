import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, coreError, err, ok, type AsyncResult, type BlobStore } from '@tidemark/core'
import type { Failure } from './errors.ts'
import { openRepository, type Repository } from './history/repository.ts'
import { isBucket, openStore } from './tidemark/s3.ts'

/** Where a repository's store is, unless somebody names another. */
export function ownStore({ gitDirectory }: Repository): string {
  return join(gitDirectory, 'strata')
}

/** What a command that only looks is given. */
export interface StoreQuestion {
  /** A repository; or a store itself. */
  readonly place: string
  /** The store of that repository, if it is not its own. */
  readonly store: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** A store that was found, and the repository it was asked about. */
export interface FoundStore {
  readonly store: BlobStore
  /** Where it lies. */
  readonly location: string
  readonly repository: Repository | undefined
}

/**
 * Opens the store of a repository, or the one that lies at a place. `CHECKPOINT_NOT_FOUND` where
 * there is none: looking makes nothing.
 */
export async function findStore(question: StoreQuestion): AsyncResult<FoundStore, Failure> {
  const { place, environment } = question
  if (question.store === undefined && (isBucket(place) || (await looksLikeStore(place)))) {
    return openExisting(place, undefined, environment)
  }
  const repository = await openRepository(place, environment)
  if (!repository.ok) return repository
  return openExisting(question.store ?? ownStore(repository.value), repository.value, environment)
}

async function openExisting(
  location: string,
  repository: Repository | undefined,
  environment: StoreQuestion['environment'],
): AsyncResult<FoundStore, Failure> {
  if (!isBucket(location) && !(await isDirectory(location))) return err(nothingSaved())
  const store = await openStore(location, environment)
  return store.ok ? ok({ store: store.value, location, repository }) : store
}

/** The error for a question about a run that never was. */
export function nothingSaved(): Failure {
  const message = 'there is nothing here yet. Begin with `strata run`'
  return coreError('CHECKPOINT_NOT_FOUND', message, { identifier: 'run' })
}

/**
 * A store has a place and phases side by side; a sealed result that somebody was given is one too.
 * A working tree with such names has git's as well.
 */
async function looksLikeStore(path: string): Promise<boolean> {
  const has = (name: string): Promise<boolean> => isDirectory(join(path, name))
  if (await has('.git')) return false
  return (await has('sealed')) || ((await has('place')) && (await has('phases')))
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await attempt(
    () => stat(path),
    () => undefined,
  )
  return found.ok && found.value.isDirectory()
}
