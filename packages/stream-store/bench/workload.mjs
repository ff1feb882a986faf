import { createManifest } from '../dist/index.js'

/** A manifest of about 18 KB: two sources of many partitions, as a real pipeline has. */
export function manifestOf(id) {
  const offsets = {}
  for (let n = 0; n < 256; n++)
    offsets[`topic-orders-partition-${n}`] = String(1_000_000 + id * 7 + n)
  return createManifest({
    checkpointId: id,
    epoch: id,
    timestampMs: id,
    sourceOffsets: { orders: { offsets }, payments: { offsets } },
    sinkEpochs: { out: id },
    sinkCommitStatuses: { out: 'committed' },
    watermark: id,
  })
}

/** State in four chunks, different for every seed. */
export function chunksOf(sizeBytes, seed) {
  const chunk = new Uint8Array(sizeBytes / 4)
  for (let at = 0; at < chunk.length; at += 64) chunk[at] = (at >> 6) * 31 + seed
  return [chunk, chunk, chunk, chunk]
}
