import {
  attempt,
  coreError,
  err,
  ok,
  sha256Stream,
  thrownError,
  toHex,
  type AsyncResult,
  type CallOptions,
} from '@tidemark/core'
import { encodeManifest, manifestDigest } from '../manifest/manifest-codec.ts'
import type { CheckpointManifest } from '../manifest/manifest.ts'
import type { StoredState } from '../state/slot.ts'
import type { SaveOutcome } from '../store/checkpoint-store.ts'
import type { ReadStoreError, WriteStoreError } from '../store/store-errors.ts'
import { NOTHING_PRUNED, planPrune, type Retainable } from '../store/retention.ts'
import { isCheckpoint, statusOf, withEntry, withoutEntries, type Entry, type Head } from './head.ts'
import type { Plan } from './ledger.ts'
import { readRawState } from './read-state.ts'
import { NO_BODY, type Body } from './record.ts'
import { findEntry, readEntry, type Stored, type View } from './view.ts'

const utf8 = new TextEncoder()

/** How saves are made. */
export interface SavePolicy {
  readonly view: View
  /** How many of the newest checkpoints every save leaves. */
  readonly keep: number
  readonly nowMs: () => number
}

/** What is to be saved beside a manifest. */
export interface StagedBody {
  readonly body: Partial<Body>
  readonly inline: Uint8Array
  readonly blobs: readonly string[]
  readonly bytes: number
}

/** No state. */
export const NO_STATE: StagedBody = { body: {}, inline: new Uint8Array(), blobs: [], bytes: 0 }

/** Plans the record that makes a manifest, with what was staged for it, a checkpoint. */
export async function planSave(
  policy: SavePolicy,
  head: Head,
  seq: number,
  manifest: CheckpointManifest,
  staged: StagedBody,
  options?: CallOptions,
): Promise<Plan<SaveOutcome>> {
  const encoded = encodeManifest(manifest, 'compact')
  if (!encoded.ok) return encoded
  const found = await findExisting(policy.view, head, manifest.checkpointId, options)
  if (!found.ok) return found
  const existing = found.value
  if (existing !== undefined && isCheckpoint(existing.entry)) {
    const same = await isSame(policy.view, existing, manifest, staged, options)
    if (!same.ok) return same
    if (same.value) return ok({ value: unchanged(head, manifest) })
    return err(taken(manifest.checkpointId))
  }
  const carried = await carryState(policy.view, existing, staged, options)
  if (!carried.ok) return carried
  const { blobs, bytes, body, inline } = carried.value
  const entry: Entry = {
    id: manifest.checkpointId,
    epoch: manifest.epoch,
    status: statusOf(manifest),
    seq,
    blobs,
    bytes,
    createdMs: policy.nowMs(),
  }
  const replaced = existing === undefined || carried.value !== staged ? [] : [existing.entry]
  const before = withoutEntries(head, replaced, policy.nowMs())
  const { head: after, pruned } = retain(withEntry(before, entry), entry, policy)
  const advancedLatest = !head.entries.some((other) => isCheckpoint(other) && other.id > entry.id)
  return ok({
    head: after,
    body: { ...body, manifest },
    inline,
    value: { created: true, advancedLatest, pruned },
  })
}

/** Plans a new revision of the manifest of a checkpoint; its state goes along. */
export async function planUpdate(
  policy: SavePolicy,
  head: Head,
  seq: number,
  id: bigint,
  change: (manifest: CheckpointManifest, revision: number) => Plan<CheckpointManifest>,
  options?: CallOptions,
): Promise<Plan<SaveOutcome>> {
  const found = await findExisting(policy.view, head, id, options)
  if (!found.ok) return found
  const stored = found.value
  if (stored?.record.body.manifest === undefined) return err(notFound(id))
  const changed = change(stored.record.body.manifest, stored.entry.seq)
  if (!changed.ok) return changed
  const manifest = changed.value.value
  const encoded = encodeManifest(manifest, 'compact')
  if (!encoded.ok) return encoded
  const entry = { ...stored.entry, seq, epoch: manifest.epoch, status: statusOf(manifest) }
  const isNear = head.entries.some((other) => other.id === id)
  if (!isNear) return err(settled(id))
  return ok({
    head: withEntry(head, entry),
    body: { ...stored.record.body, manifest, segment: [] },
    inline: stored.record.inline,
    value: { created: false, advancedLatest: false, pruned: NOTHING_PRUNED },
  })
}

/** Plans the record that keeps binary state, whether or not its manifest is there already. */
export async function planState(
  policy: SavePolicy,
  head: Head,
  seq: number,
  id: bigint,
  staged: StagedBody,
  chunks: readonly Uint8Array[],
  options?: CallOptions,
): Promise<Plan<'stored' | 'there already'>> {
  const found = await findExisting(policy.view, head, id, options)
  if (!found.ok) return found
  const existing = found.value
  const state = existing?.record.body.state
  if (state !== undefined) {
    return isSameState(state, chunks) ? ok({ value: 'there already' }) : err(taken(id))
  }
  if (existing !== undefined && existing.record.body.slots.length > 0) return err(taken(id))
  const entry: Entry = {
    ...(existing?.entry ?? { id, epoch: 0n, status: 'state', createdMs: policy.nowMs() }),
    seq,
    blobs: staged.blobs,
    bytes: staged.bytes,
  }
  const manifest = existing?.record.body.manifest
  const body = { ...NO_BODY, ...staged.body, manifest }
  return ok({ head: withEntry(head, entry), body, inline: staged.inline, value: 'stored' })
}

/** What retention makes of a head after a save: never the checkpoint that was just saved. */
function retain(head: Head, saved: Entry, policy: SavePolicy) {
  if (policy.keep === Infinity) return { head, pruned: NOTHING_PRUNED }
  const pruned = planPrune(head.entries.filter(isCheckpoint).flatMap(retainable), policy.keep)
  const removed = pruned.removed.filter((id) => id !== saved.id)
  const gone = head.entries.filter(({ id }) => removed.includes(id))
  return {
    head: withoutEntries(head, gone, policy.nowMs()),
    pruned: { removed, heldBack: pruned.heldBack },
  }
}

/** An entry as retention sees it. */
export function retainable({ id, status }: Entry): Retainable[] {
  return status === 'state' ? [] : [{ id, status }]
}

async function findExisting(
  view: View,
  head: Head,
  id: bigint,
  options?: CallOptions,
): AsyncResult<Stored | undefined, ReadStoreError> {
  const entry = await findEntry(view.log, head, id, options)
  if (!entry.ok || entry.value === undefined) return entry.ok ? ok(undefined) : entry
  return readEntry(view, entry.value, options)
}

/** State that came before its manifest goes into the manifest's record, if nothing else was given. */
async function carryState(
  view: View,
  existing: Stored | undefined,
  staged: StagedBody,
  options?: CallOptions,
): AsyncResult<StagedBody, WriteStoreError> {
  if (existing === undefined) return ok(staged)
  const { body, inline } = existing.record
  if (staged === NO_STATE) {
    const { blobs, bytes } = existing.entry
    return ok({ body: { state: body.state }, inline, blobs, bytes })
  }
  const same = await hasState(view, existing, staged.body.state, options)
  if (!same.ok) return same
  return same.value ? ok(staged) : err(taken(existing.entry.id))
}

async function isSame(
  view: View,
  existing: Stored,
  manifest: CheckpointManifest,
  staged: StagedBody,
  options?: CallOptions,
): AsyncResult<boolean, ReadStoreError> {
  const found = existing.record.body
  if (found.manifest === undefined) return ok(false)
  if (manifestDigest(found.manifest) !== manifestDigest(manifest)) return ok(false)
  if ((staged.body.slots?.length ?? 0) > 0 || found.slots.length > 0) return ok(false)
  const { state } = staged.body
  return state === undefined ? ok(true) : hasState(view, existing, state, options)
}

/** Whether what is stored has just this state, by a digest over the same as was staged. */
async function hasState(
  view: View,
  existing: Stored,
  wanted: StoredState | undefined,
  options?: CallOptions,
): AsyncResult<boolean, ReadStoreError> {
  const { state } = existing.record.body
  if (state === undefined || wanted === undefined) return ok(state === wanted)
  if (state.sizeBytes !== wanted.sizeBytes) return ok(false)
  if (state.prefix === wanted.prefix) return ok(state.sha256 === wanted.sha256)
  return attempt(
    async () => {
      const hash = sha256Stream()
      hash.update(utf8.encode(wanted.prefix))
      for await (const piece of readRawState(view, existing, state, options)) hash.update(piece)
      return toHex(hash.digest()) === wanted.sha256
    },
    thrownError<ReadStoreError>,
  )
}

function isSameState(state: StoredState, chunks: readonly Uint8Array[]): boolean {
  const hash = sha256Stream()
  hash.update(utf8.encode(state.prefix))
  for (const chunk of chunks) hash.update(chunk)
  return toHex(hash.digest()) === state.sha256
}

function unchanged(head: Head, { checkpointId }: CheckpointManifest): SaveOutcome {
  const isLatest = !head.entries.some((entry) => isCheckpoint(entry) && entry.id > checkpointId)
  return { created: false, advancedLatest: isLatest, pruned: NOTHING_PRUNED }
}

/** The error for an id that something else is stored under. */
export function taken(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} is stored already, with other content; ids are never used again`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'taken' })
}

/** The error for an id under which there is no checkpoint. */
export function notFound(id: bigint): WriteStoreError {
  const message = `there is no checkpoint ${id}`
  return coreError('CHECKPOINT_NOT_FOUND', message, { identifier: String(id) })
}

function settled(id: bigint): WriteStoreError {
  const message = `checkpoint ${id} is settled and far behind; it is not changed any more`
  return coreError('CONFLICT', message, { identifier: String(id), reason: 'changed' })
}
