import { err, ok, type Result } from '@tidemark/core'
import { openChunk } from '../chunk/chunk-file.ts'
import type { NodesToStore } from '../db/node-db.ts'
import { nodePack, type NodePack } from '../db/node-pack.ts'
import type { MediumError, MkvsError } from '../errors/mkvs-errors.ts'
import type { Hash } from '../hash/hash.ts'
import { openEntries } from '../proof/verify.ts'
import { encodeNode } from '../tree/node-codec.ts'
import type { TreeNode } from '../tree/node.ts'
import { proofFailed, tooLong } from './checkpoint-errors.ts'

/** How a chunk is read. */
export interface ChunkLimits {
  readonly strict: boolean
  readonly maxDepth: number
  readonly maxRawBytes: number
  readonly maxPackedBytes: number
}

/**
 * Nodes wait packed until their chunk is verified, up to so many bytes: those of 16 MiB of raw
 * chunk as they usually are. A chunk of tiny nodes has nine bytes of them for each of its own, so
 * whoever lies could fill the memory; such a chunk is read once more instead when it was true.
 */
export const MAX_PACKED_BYTES: number = 32 * 1024 * 1024

/**
 * The nodes of a chunk file, all of which belong to the tree of the root. Beside the file it takes
 * the raw bytes, `maxPackedBytes` and the way down, whatever is in the chunk.
 */
export function provenNodes(
  file: Uint8Array,
  index: number,
  root: Hash,
  limits: ChunkLimits,
): Result<NodesToStore, MediumError | MkvsError<'CHUNK_PROOF_VERIFICATION_FAILED'>> {
  const { strict, maxRawBytes, maxPackedBytes } = limits
  const chunk = openChunk(file, { maxBytes: maxRawBytes, strict })
  if (!chunk.ok) {
    const { error } = chunk
    return err(
      error.kind === 'too-long' ? tooLong(error.maximum) : proofFailed(error.reason, index),
    )
  }
  const entries = chunk.value
  const read = () => openEntries(root, entries, 0, limits)
  const packed = packProven(read(), maxPackedBytes)
  if (entries.problem !== undefined) return err(proofFailed(entries.problem, index))
  return packed.ok ? ok(packed.value ?? encoded(read())) : err(proofFailed(packed.error, index))
}

/** Reads to the end of a proof. No pack: it is valid, and its nodes are too many to wait. */
function packProven(
  reading: Generator<TreeNode, Result<void, string>, void>,
  maxBytes: number,
): Result<NodePack | undefined, string> {
  let pack: NodePack | undefined = nodePack()
  let step = reading.next()
  for (; step.done !== true; step = reading.next()) {
    pack?.add(step.value)
    if (pack !== undefined && pack.sizeBytes > maxBytes) pack = undefined
  }
  return step.value.ok ? ok(pack) : step.value
}

function* encoded(nodes: Iterable<TreeNode>): NodesToStore {
  for (const node of nodes) yield [node.hash, encodeNode(node)]
}
