import {
  err,
  isSameStack,
  ok,
  stackMismatch,
  type ByteCheckpoint,
  type CheckpointFacts,
  type EntryInfo,
  type JsonObject,
  type LoadError,
  type Result,
} from '@tidemark/core'
import type { SealedFacts } from '../layer.ts'
import { decodeAttachment, type Attachment, type EntryRecord } from './attachment.ts'
import { sealOf, type Pipeline } from './pipeline.ts'

const NOTHING = new Uint8Array()

/** What is attached to a commit: what is known of each entry, and what each layer seals. */
export function sealCheckpoint(
  pipeline: Pipeline,
  facts: CheckpointFacts & { readonly previous: string | undefined },
  infos: readonly EntryInfo[],
  records: ReadonlyMap<string, EntryRecord>,
): Attachment {
  const { layers } = pipeline
  const entries = infos.map(({ key }) => records.get(key) ?? UNKNOWN)
  const [place, { previous }] = [facts.place ?? '', facts]
  const sealed = sealedFacts(pipeline, facts, { place, previous }, infos, entries)
  const seals = Object.fromEntries(
    layers.flatMap((layer) => {
      const seal = layer.seal?.(sealed)
      return seal === undefined ? [] : [[layer.id, seal]]
    }),
  )
  return { layers, place, previous, entries, seals }
}

/** What a checkpoint says of itself, once every layer that seals has found it as it sealed it. */
export interface Opened {
  readonly records: ReadonlyMap<string, EntryRecord>
  readonly seals: JsonObject
}

/** Checks the seals of a checkpoint, the outermost first, before anything of it is believed. */
export function openCheckpoint(
  pipeline: Pipeline,
  checkpoint: ByteCheckpoint,
): Result<Opened, LoadError> {
  const { layers } = pipeline
  if (checkpoint.attachment === undefined) return err(stackMismatch(layers, []))
  const attachment = decodeAttachment(checkpoint.attachment)
  const refused = (reason: string): LoadError => pipeline.refusal(checkpoint, reason)
  if (attachment === undefined) return err(refused('what its layers attached makes no sense'))
  if (!isSameStack(layers, attachment.layers)) {
    return err(stackMismatch(layers, attachment.layers))
  }
  if (attachment.place !== checkpoint.place) return err(refused('it belongs to another place'))
  const { committedAt, generation, born } = checkpoint
  if (![committedAt.getTime(), generation, born].every(isCount)) {
    return err(refused('its fields make no sense'))
  }
  const infos = checkpoint.entries()
  if (infos.length !== attachment.entries.length) return err(refused('entries are missing'))
  const { entries, seals } = attachment
  const sealed = sealedFacts(pipeline, checkpoint, attachment, infos, entries)
  for (const layer of layers.toReversed()) {
    const verified = layer.verify?.(sealed, sealOf(seals, layer) ?? {}) ?? ok()
    if (!verified.ok) return verified
  }
  const records = new Map(infos.map(({ key }, i) => [key, entries[i] ?? UNKNOWN]))
  return ok({ records, seals })
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

const UNKNOWN: EntryRecord = { sizeBytes: 0, salt: NOTHING, digests: NOTHING }

function sealedFacts(
  { layers }: Pipeline,
  facts: CheckpointFacts,
  attached: Pick<SealedFacts, 'place' | 'previous'>,
  infos: readonly EntryInfo[],
  entries: readonly EntryRecord[],
): SealedFacts {
  const { identifier, generation, committedAt, born, metadata } = facts
  return {
    identifier,
    generation,
    committedAtMs: committedAt.getTime(),
    born,
    metadata,
    layers,
    place: attached.place,
    previous: attached.previous,
    entries: infos.map(({ key, codec }, i) => ({ key, codec, ...(entries[i] ?? UNKNOWN) })),
  }
}
