import type { BlobBody, BlobInfo, PutError, PutManyError } from '../blob/blob-store.ts'
import { addWritten } from '../blob/put-each.ts'
import { err, ok, type AsyncResult } from '../result/result.ts'
import { parentOf } from './directories.ts'
import type { WrittenFile } from './publish.ts'

/** The steps of one put, as the file medium makes them. */
export interface PutSteps {
  readonly write: (key: string, body: BlobBody) => AsyncResult<WrittenFile, PutError>
  readonly publish: (file: WrittenFile) => AsyncResult<void, PutError>
  readonly settle: (directory: string, files: readonly WrittenFile[]) => AsyncResult<void, PutError>
  readonly discard: (file: WrittenFile) => Promise<void>
}

/** Waiting for more syncs at once than the thread pool has threads would starve everybody else. */
const WRITERS = 3

/** Writes all files, a few at once, then publishes them, then syncs each directory once. */
export async function putManyFiles(
  blobs: Iterable<readonly [key: string, body: BlobBody]>,
  steps: PutSteps,
): AsyncResult<BlobInfo[], PutManyError> {
  const written = await writeAll([...blobs], steps)
  const { files, failure: writeFailure } = written
  const published: WrittenFile[] = []
  let failure = writeFailure
  for (const file of files) {
    const result = failure === undefined ? await steps.publish(file) : undefined
    if (result?.ok === true) published.push(file)
    else if (result === undefined) await steps.discard(file)
    failure ??= result?.ok === false ? result.error : undefined
  }
  const durable: WrittenFile[] = []
  for (const [directory, group] of byDirectory(published)) {
    const settled = await steps.settle(directory, group)
    if (settled.ok) durable.push(...group)
    else failure ??= settled.error
  }
  if (failure === undefined) return ok(files.map(({ info }) => info))
  return err(
    addWritten(
      failure,
      durable.map(({ info }) => info),
    ),
  )
}

async function writeAll(
  blobs: readonly (readonly [key: string, body: BlobBody])[],
  steps: PutSteps,
): Promise<{ files: WrittenFile[]; failure: PutError | undefined }> {
  const files: (WrittenFile | undefined)[] = Array.from({ length: blobs.length })
  let failure: PutError | undefined
  const queue = blobs.entries()
  const writer = async (): Promise<void> => {
    for (const [index, [key, body]] of queue) {
      const written = failure === undefined ? await steps.write(key, body) : undefined
      if (written?.ok === true) files[index] = written.value
      failure ??= written?.ok === false ? written.error : undefined
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, writer))
  return { files: files.filter((file) => file !== undefined), failure }
}

function byDirectory(files: readonly WrittenFile[]): Map<string, WrittenFile[]> {
  const groups = new Map<string, WrittenFile[]>()
  for (const file of files) {
    const directory = parentOf(file.path)
    groups.set(directory, [...(groups.get(directory) ?? []), file])
  }
  return groups
}
