import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  type GetObjectCommandOutput,
  type ListObjectsV2CommandOutput,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { lost } from '../client/exchange.ts'
import {
  bareEtag,
  done,
  garbled,
  NONCE_NAME,
  type Answer,
  type Condition,
  type ListPage,
  type ObjectClient,
  type ObjectFacts,
  type ObjectPart,
} from '../client/object-client.ts'
import { oneWord } from '../client/xml-messages.ts'

/** Options of {@link awsSdkClient}. */
export interface AwsSdkOptions {
  /** The bucket. It must exist. */
  readonly bucket: string
  /**
   * Configuration of the SDK's client: region, endpoint, credential chains. Retries and automatic
   * checksums are switched off whatever it says: repeating is the store's business, and older
   * servers store the checksums' framing as data.
   */
  readonly config: S3ClientConfig
}

/**
 * The calls of an object store over `@aws-sdk/client-s3`, for its credential chains and profiles.
 * The SDK is an optional peer dependency: install it beside this package.
 *
 * @example
 * import { S3BlobStore } from '@tidemark/s3'
 * import { awsSdkClient } from '@tidemark/s3/aws-sdk'
 *
 * const client = awsSdkClient({ bucket: 'backups', config: { region: 'eu-central-1' } })
 * const opening = S3BlobStore.over({ client, prefix: 'team-a/' })
 */
export function awsSdkClient({ bucket: Bucket, config }: AwsSdkOptions): ObjectClient {
  const sdk = new S3Client({
    ...config,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return {
    place: `s3://${Bucket} through the AWS SDK`,
    put: ({ name: Key, body: Body, nonce, condition, signal: abortSignal }) => {
      const command = { Bucket, Key, Body, Metadata: { [NONCE_NAME]: nonce } }
      return answer(
        sdk.send(new PutObjectCommand({ ...command, ...conditions(condition) }), { abortSignal }),
        etagOf,
      )
    },
    get: ({ name: Key, start, end, signal: abortSignal }) => {
      const Range = `bytes=${start}-${end - 1}`
      return answer(
        sdk.send(new GetObjectCommand({ Bucket, Key, Range }), { abortSignal }),
        (out) => readPart(out, start, end),
      )
    },
    head: ({ name: Key, signal: abortSignal }) =>
      answer(sdk.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal }), (out) =>
        factsOf(out, out.ContentLength),
      ),
    list: ({ prefix: Prefix, startAfter, token, limit: MaxKeys, signal: abortSignal }) => {
      const begin = startAfter === undefined ? {} : { StartAfter: startAfter }
      const from = token === undefined ? begin : { ContinuationToken: token }
      const input = { Bucket, Prefix, MaxKeys, ...from }
      return answer(sdk.send(new ListObjectsV2Command(input), { abortSignal }), pageOf)
    },
    deleteOne: ({ name: Key, signal: abortSignal }) =>
      answer(sdk.send(new DeleteObjectCommand({ Bucket, Key }), { abortSignal }), nothing),
    deleteMany: ({ names, signal: abortSignal }) => {
      const Delete = { Objects: names.map((Key) => ({ Key })) }
      return answer(
        sdk.send(new DeleteObjectsCommand({ Bucket, Delete }), { abortSignal }),
        ({ Deleted, Errors }) => done(failuresOf(names, Deleted, Errors)),
      )
    },
    ...uploads(sdk, Bucket),
    close: () => sdk.destroy(),
  }
}

function uploads(
  sdk: S3Client,
  Bucket: string,
): Pick<ObjectClient, 'createUpload' | 'uploadPart' | 'completeUpload' | 'abortUpload'> {
  return {
    createUpload: ({ name: Key, nonce, signal: abortSignal }) => {
      const input = { Bucket, Key, Metadata: { [NONCE_NAME]: nonce } }
      return answer(
        sdk.send(new CreateMultipartUploadCommand(input), { abortSignal }),
        ({ UploadId: uploadId }) =>
          uploadId === undefined ? garbled('it names no upload') : done({ uploadId }),
      )
    },
    uploadPart: ({ name: Key, uploadId, number, body: Body, signal: abortSignal }) => {
      const input = { Bucket, Key, UploadId: uploadId, PartNumber: number, Body }
      return answer(sdk.send(new UploadPartCommand(input), { abortSignal }), etagOf)
    },
    completeUpload: ({ name: Key, uploadId, parts, condition, signal: abortSignal }) => {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: `"${etag}"` }))
      const input = { Bucket, Key, UploadId: uploadId, MultipartUpload: { Parts } }
      const command = new CompleteMultipartUploadCommand({ ...input, ...conditions(condition) })
      return answer(sdk.send(command, { abortSignal }), nothing)
    },
    abortUpload: ({ name: Key, uploadId: UploadId, signal: abortSignal }) =>
      answer(
        sdk.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), { abortSignal }),
        nothing,
      ),
  }
}

/** Turns what the SDK gives or throws into an answer. Its errors hold requests: none is kept. */
async function answer<Out, T>(
  sending: Promise<Out>,
  read: (out: Out) => Answer<T> | Promise<Answer<T>>,
): Promise<Answer<T>> {
  try {
    return await read(await sending)
  } catch (thrown) {
    const status = statusOf(thrown)
    if (status === undefined) {
      const { kind, sent, system } = lost(thrown)
      return { kind, sent, system }
    }
    const name = thrown instanceof Error ? thrown.name : ''
    // What a HEAD is told about a missing object has no code of the server's.
    const code = name === 'NotFound' || name === 'Unknown' ? '' : oneWord(name)
    return status < 300 ? garbled('it cannot be parsed') : { kind: 'refused', status, code }
  }
}

function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error && '$metadata' in thrown)) return undefined
  const metadata = thrown.$metadata
  if (typeof metadata !== 'object' || metadata === null) return undefined
  const status: unknown = Reflect.get(metadata, 'httpStatusCode')
  return typeof status === 'number' ? status : undefined
}

function conditions(condition: Condition | undefined): { IfNoneMatch?: '*'; IfMatch?: string } {
  if (condition === undefined) return {}
  return condition === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }
}

function nothing(): Answer<void> {
  return done(undefined)
}

function etagOf({ ETag }: { ETag?: string | undefined }): Answer<{ readonly etag: string }> {
  const etag = bareEtag(ETag)
  return etag === '' ? garbled('it names no entity tag') : done({ etag })
}

function factsOf(
  out: { ETag?: string | undefined; Metadata?: Record<string, string> | undefined },
  sizeBytes: number | undefined,
): Answer<ObjectFacts> {
  const etag = bareEtag(out.ETag)
  if (etag === '' || sizeBytes === undefined) return garbled('it lacks a length or entity tag')
  const nonce = out.Metadata?.[NONCE_NAME]
  return done({ etag, sizeBytes, ...(nonce === undefined ? {} : { nonce }) })
}

async function readPart(
  out: GetObjectCommandOutput,
  start: number,
  end: number,
): Promise<Answer<ObjectPart>> {
  const [, first, size] = /^bytes ([0-9]+)-[0-9]+\/([0-9]+)$/.exec(out.ContentRange ?? '') ?? []
  const facts = factsOf(out, Number(first) === start ? Number(size) : undefined)
  const count = facts.kind === 'done' ? Math.min(end, facts.value.sizeBytes) - start : -1
  if (facts.kind !== 'done' || out.ContentLength !== count || out.Body === undefined) {
    await out.Body?.transformToWebStream().cancel()
    return facts.kind === 'done' ? garbled('its range is not the one asked for') : facts
  }
  const bytes = await out.Body.transformToByteArray()
  if (bytes.length === count) return done({ ...facts.value, bytes })
  return { kind: 'lost', sent: true, system: 'CUT_SHORT' }
}

function pageOf(out: ListObjectsV2CommandOutput): Answer<ListPage> {
  const objects = (out.Contents ?? []).map(({ Key = '', Size = 0, ETag }) => ({
    name: Key,
    sizeBytes: Size,
    etag: bareEtag(ETag),
  }))
  return done({ objects, next: out.IsTruncated === true ? out.NextContinuationToken : undefined })
}

function failuresOf(
  names: readonly string[],
  deleted: readonly { Key?: string | undefined }[] = [],
  errors: readonly { Key?: string | undefined; Code?: string | undefined }[] = [],
): Map<string, string> {
  const gone = new Set(deleted.map(({ Key }) => Key))
  const codes = new Map(errors.map(({ Key, Code }) => [Key, oneWord(Code ?? '') || 'unnamed']))
  return new Map(
    names.flatMap((name) => {
      const code = codes.get(name) ?? (gone.has(name) ? undefined : 'unanswered')
      return code === undefined ? [] : [[name, code] as const]
    }),
  )
}
