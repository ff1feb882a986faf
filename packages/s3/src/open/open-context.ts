import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type BlobStoreSupport,
  type CoreError,
} from '@tidemark/core'
import { bytesToHex } from '../client/digest.ts'
import type { S3Context, S3Limits } from '../context.ts'
import type { CapabilityCard } from './capability-card.ts'
import { makePolicy } from './make-policy.ts'
import { probe, probeCompletion, type ProbeError } from './probe.ts'
import type { S3ClientOptions } from './s3-options.ts'

/** Why a bucket was not opened. Nothing of yours was read or written. */
export type OpenS3Error = ProbeError | CoreError<'UNSUPPORTED' | 'INVALID_ARGUMENT'>

/** What a bucket can do as a medium. */
export interface S3Support extends BlobStoreSupport {
  /**
   * Who sees to it that a name is created once: the endpoint, or only this one store, because its
   * opener vouched that nobody else writes.
   */
  readonly createOnly: 'endpoint' | 'exclusive-writer'
}

/** An endpoint that was looked at, and what follows from it. */
export interface Opened {
  readonly context: S3Context
  readonly card: CapabilityCard
  readonly supports: S3Support
}

const MIB = 1024 * 1024

/** Three parts on their way and one being filled: 1 GiB passes within 128 MiB of memory. */
const LIMITS: S3Limits = {
  singlePutBytes: 16 * MIB,
  partSizeBytes: 5 * MIB,
  uploadConcurrency: 3,
  largestCreateBytes: 64 * MIB,
  listPages: 100_000,
}

/** Unguessable, and never the same twice. */
const NONCE_BYTES = 16

/** Names of objects are at most this long. */
const MAX_NAME_BYTES = 1024
const MAX_KEY_BYTES = 512

/** Looks at an endpoint before the first write, and refuses one that loses races silently. */
export async function openContext(options: S3ClientOptions): AsyncResult<Opened, OpenS3Error> {
  const { client, prefix = '', runtime, signal } = options
  const policy = makePolicy(options.retry, runtime)
  const randomBytes = runtime?.randomBytes ?? webRandomBytes
  const newNonce = (): string => bytesToHex(randomBytes(NONCE_BYTES))
  const common = { client, policy, prefix, newNonce }
  const probed = await probe({ ...common, signal })
  if (!probed.ok) return probed
  const card = probed.value
  const isAlone = card.createOnly !== 'honoured'
  if (isAlone && options.exclusiveWriter !== true) return err(notCreateOnly(card))
  if (!card.freshListing) return err(staleListing(card))
  const context: S3Context = {
    ...common,
    canCreateOnly: !isAlone,
    etagStyle: card.compareAndSwap,
    canDeleteMany: card.batchDelete,
    canCompleteOnly: remembered(() => probeCompletion({ ...common, signal: undefined })),
    limits: { ...LIMITS, ...options.limits },
  }
  return ok({ context, card, supports: supportOf(card, prefix) })
}

function supportOf(card: CapabilityCard, prefix: string): S3Support {
  const isAlone = card.createOnly !== 'honoured'
  return {
    durable: 'power',
    crossProcess: !isAlone,
    replaceIf: card.compareAndSwap !== 'none',
    ranges: true,
    streams: true,
    pins: false,
    maxKeyBytes: Math.min(MAX_KEY_BYTES, MAX_NAME_BYTES - prefix.length),
    createOnly: isAlone ? 'exclusive-writer' : 'endpoint',
  }
}

/** Asks until there is a clear answer, then never again. */
function remembered(ask: () => Promise<boolean | undefined>): () => Promise<boolean> {
  let known: boolean | undefined
  return async () => {
    known ??= await ask()
    return known ?? false
  }
}

function webRandomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}

function notCreateOnly(card: CapabilityCard): OpenS3Error {
  const message =
    `${card.place} does not honour create-only (${card.createOnly}): two writers could both win. ` +
    'Use another endpoint, or vouch with exclusiveWriter: true that nobody else writes'
  return coreError('UNSUPPORTED', message, { feature: 'create-only' })
}

function staleListing(card: CapabilityCard): OpenS3Error {
  const message = `${card.place} lists what was written only later; use another endpoint`
  return coreError('UNSUPPORTED', message, { feature: 'fresh listing' })
}
