import type { BlobInfo, Version } from '@tidemark/core'

/** The facts of a blob. Its version is the entity tag: equal bytes may have equal versions. */
export function blobInfo(key: string, sizeBytes: number, etag: string): BlobInfo {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the one place that makes them
  return { key, sizeBytes, version: etag as Version }
}
