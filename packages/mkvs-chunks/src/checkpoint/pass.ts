import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type CheckpointError,
  type Result,
} from '@tidemark/core'
import { refused } from '../errors/mkvs-errors.ts'
import { CHECKPOINT_VERSION, type Metadata } from '../record/metadata.ts'
import { ROOT_TYPE, type Root } from '../record/root.ts'
import type { CheckpointerConfig, CheckpointerEvent } from './checkpointer-types.ts'
import {
  versionsToCreate,
  versionsToDelete,
  type CreationParameters,
  type ExistingVersions,
} from './schedule.ts'

/** What one pass needs besides its configuration. */
export interface PassContext {
  readonly config: CheckpointerConfig
  /** A checkpoint of this version is begun. */
  readonly announce: (version: bigint) => void
  readonly report: (event: CheckpointerEvent) => void
}

/** Makes the checkpoints that are due at a version, and deletes the ones that are too many. */
export async function scheduledPass(context: PassContext, version: bigint): Promise<void> {
  const parameters = await parametersFor(context, version)
  if (parameters === undefined) return
  if (parameters.interval <= 0n) {
    context.report({ kind: 'skipped', version, reason: 'disabled' })
    return
  }
  const listed = await listCheckpoints(context, version)
  if (listed === undefined) return
  const existing = versionsOf(listed, context.config.rootsPerVersion)
  const earliest = context.config.db.earliestVersion ?? 0n
  for (const due of versionsToCreate(version, existing, earliest, parameters)) {
    if (!(await create(context, due, parameters, false))) break
  }
  const countPartial = context.config.countPartial ?? false
  for (const old of versionsToDelete(existing, parameters, countPartial)) {
    await remove(context, old, listed)
  }
}

/** Makes the checkpoint of one version that was asked for. */
export async function forcedPass(context: PassContext, version: bigint): Promise<void> {
  const parameters = await parametersFor(context, version)
  if (parameters !== undefined) await create(context, version, parameters, true)
}

async function parametersFor(
  { config, report }: PassContext,
  version: bigint,
): Promise<CreationParameters | undefined> {
  const asked = config.getParameters?.(version)
  const parameters: Result<CreationParameters | undefined, CheckpointError> =
    asked === undefined ? ok(config.parameters) : await asked
  if (!parameters.ok) {
    report({ kind: 'failed', version, doing: 'parameters', error: parameters.error })
    return undefined
  }
  if (parameters.value === undefined) report({ kind: 'skipped', version, reason: 'no-parameters' })
  return parameters.value
}

async function listCheckpoints(
  { config, report }: PassContext,
  version: bigint,
): Promise<readonly Metadata[] | undefined> {
  const { creator, db } = config
  const request = { version: CHECKPOINT_VERSION, namespace: db.namespace }
  const listed = await creator.getCheckpoints(request)
  if (!listed.ok) {
    report({ kind: 'failed', version, doing: 'listing', error: listed.error })
    return undefined
  }
  for (const { key, reason } of listed.value.damaged) {
    const details = { what: 'checkpoint', reason, key }
    const error = coreError('CORRUPTED', `checkpoint: corrupted metadata: ${reason}`, details)
    report({ kind: 'failed', version, doing: 'listing', error })
  }
  return listed.value.checkpoints
}

function versionsOf(listed: readonly Metadata[], rootsPerVersion: number): ExistingVersions {
  const counts = new Map<bigint, number>()
  for (const { root } of listed) counts.set(root.version, (counts.get(root.version) ?? 0) + 1)
  const versions = [...counts.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  // More is complete too: a root that lost may have its own.
  const isComplete = (version: bigint): boolean => (counts.get(version) ?? 0) >= rootsPerVersion
  return {
    complete: versions.filter(isComplete),
    partial: versions.filter((version) => !isComplete(version)),
  }
}

async function create(
  { config, announce, report }: PassContext,
  version: bigint,
  { chunkSize, chunkerThreads = 0 }: CreationParameters,
  forced: boolean,
): Promise<boolean> {
  announce(version)
  const roots = await rootsOf(config, version)
  if (!roots.ok) {
    report({ kind: 'failed', version, doing: 'roots', error: roots.error })
    return false
  }
  const made: Root[] = []
  for (const root of roots.value) {
    const existing = await config.creator.getCheckpoint(CHECKPOINT_VERSION, root)
    const created = await config.creator.createCheckpoint(root, chunkSize, chunkerThreads)
    if (created.ok) {
      if (!existing.ok) made.push(root)
      continue
    }
    report({ kind: 'failed', version, doing: 'creating', error: created.error })
    for (const other of made) await removeRoot({ config, announce, report }, other)
    return false
  }
  report({ kind: 'created', version, forced })
  return true
}

async function rootsOf(
  { db, getRoots, rootsPerVersion }: CheckpointerConfig,
  version: bigint,
): AsyncResult<readonly Root[], CheckpointError> {
  const found = getRoots === undefined ? ok(db.rootsOf(version)) : await getRoots(version)
  if (!found.ok) return found
  if (found.value.length === 0) return err(refused('version-not-found'))
  if (found.value.length !== rootsPerVersion) {
    const reason = `version ${version} has ${found.value.length} roots`
    return err(coreError('INVALID_ARGUMENT', reason, { argument: 'rootsPerVersion', reason }))
  }
  const { namespace } = db
  const type = ROOT_TYPE.state
  return ok(
    found.value.map((root) =>
      root instanceof Uint8Array ? { namespace, version, type, hash: root } : root,
    ),
  )
}

async function remove(
  context: PassContext,
  version: bigint,
  listed: readonly Metadata[],
): Promise<void> {
  let removed = true
  for (const { root } of listed) {
    if (root.version === version) removed = (await removeRoot(context, root)) && removed
  }
  if (removed) context.report({ kind: 'deleted', version })
}

async function removeRoot({ config, report }: PassContext, root: Root): Promise<boolean> {
  const removed = await config.creator.deleteCheckpoint(CHECKPOINT_VERSION, root)
  if (removed.ok || removed.error.code === 'CHECKPOINT_NOT_FOUND') return true
  report({ kind: 'failed', version: root.version, doing: 'deleting', error: removed.error })
  return false
}
