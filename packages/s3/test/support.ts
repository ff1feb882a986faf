import { unwrap, type AsyncResult, type BlobStore } from '@tidemark/core'
import { AwsClient } from 'aws4fetch'
import { randomBytes } from 'node:crypto'
import { describe, inject } from 'vitest'
import { S3BlobStore, type OpenS3Error, type S3Options } from '../src/index.ts'
import type { SharedEndpoint } from '@tidemark/gateway/vitest-setup'

const server = inject('server')

/** A group of tests that need the real server; skipped by name where there is none. */
export const describeServer: typeof describe.skip = describe.skipIf(typeof server === 'string')

/** The real server. */
export function theServer(): SharedEndpoint {
  if (typeof server === 'string') throw new Error(server)
  return server
}

/** A part of the bucket that nobody else uses. */
export function freshPrefix(): string {
  return `${randomBytes(8).toString('hex')}/`
}

/** Options that open a part of the bucket on the real server. */
export function serverOptions(prefix: string = freshPrefix()): S3Options & { prefix: string } {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = theServer()
  return { endpoint, region, bucket, credentials: { accessKeyId, secretAccessKey }, prefix }
}

/** A store on the real server. */
export async function openServer(options: Partial<S3Options> = {}): Promise<S3BlobStore> {
  return unwrap(await S3BlobStore.open({ ...serverOptions(), ...options }))
}

/**
 * A store that waits for no answer longer than a moment. On a machine at its limit the moment may
 * pass while it is opened: then it is opened again.
 */
export async function untilOpen(
  open: () => AsyncResult<S3BlobStore, OpenS3Error>,
): Promise<S3BlobStore> {
  for (;;) {
    const opened = await open()
    if (opened.ok) return opened.value
    if (opened.error.code !== 'IO_FAILED') throw opened.error
  }
}

/** Sends one signed request to the real server, past everything that is tested. */
export function bareRequest(path: string, init: RequestInit = {}): Promise<Response> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = theServer()
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 })
  return client.fetch(`${endpoint}/${bucket}${path}`, init)
}

/** Text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** What an iteration yields, to its end. */
export async function drain<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** The bytes of a blob, which must be there (of a range of it, if given). */
export async function bytesAt(
  store: BlobStore,
  key: string,
  range?: { readonly start: number; readonly end?: number },
): Promise<Uint8Array> {
  const blob = unwrap(await store.get(key, range === undefined ? {} : { range }))
  if (blob === undefined) throw new Error(`${key} is not there`)
  return unwrap(await blob.bytes())
}
