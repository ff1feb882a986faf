import { hash } from '#hash'
import type { ContractCase } from '@tidemark/core/testing'
import type { ChunkProvider } from '../checkpoint/provider.ts'
import { getChunkMetadata, type Metadata } from '../record/metadata.ts'
import { testNamespace } from '../record/namespace.ts'
import { failsWith, same, succeeds } from './expect.ts'

/** What the contract is run on: a provider that has exactly these checkpoints. */
export interface ChunkProviderSubject {
  open(): Promise<{
    readonly provider: ChunkProvider
    /** At least one, all of one namespace. */
    readonly checkpoints: readonly Metadata[]
  }>
}

type Opened = Awaited<ReturnType<ChunkProviderSubject['open']>>

const cases: readonly {
  readonly name: string
  readonly run: (opened: Opened, first: Metadata) => Promise<void>
}[] = [
  {
    name: 'lists the checkpoints of a namespace, of all versions or of one',
    run: async ({ provider, checkpoints }, first) => {
      const { namespace, version: rootVersion } = first.root
      const all = await succeeds(provider.getCheckpoints({ version: 1, namespace }), 'list')
      same(all.checkpoints.length, checkpoints.length, 'checkpoints in all')
      const some = await succeeds(
        provider.getCheckpoints({ version: 1, namespace, rootVersion }),
        'list of one version',
      )
      const expected = checkpoints.filter(({ root }) => root.version === rootVersion)
      same(some.checkpoints.length, expected.length, 'checkpoints of one version')
    },
  },
  {
    name: 'lists nothing of another namespace or an unknown format, without an error',
    run: async ({ provider }, first) => {
      const { namespace } = first.root
      const other = testNamespace('somebody else')
      for (const request of [
        { version: 2, namespace },
        { version: 1, namespace: other },
      ]) {
        const listed = await succeeds(provider.getCheckpoints(request), 'list')
        same(listed.checkpoints.length, 0, 'checkpoints')
      }
    },
  },
  {
    name: 'gives every chunk whole and in pieces, with the digest of its metadata',
    run: async ({ provider, checkpoints }) => {
      for (const metadata of checkpoints) {
        for (const [i, digest] of metadata.chunks.entries()) {
          const chunk = await succeeds(getChunkMetadata(metadata, i), 'chunk metadata')
          const body = await succeeds(provider.getCheckpointChunk(chunk), 'chunk')
          const bytes = await succeeds(body.bytes(), 'bytes')
          same(hash(bytes), digest, 'digest')
          same(body.sizeBytes, bytes.length, 'size')
          let streamed = 0
          for await (const piece of body.stream()) streamed += piece.length
          same(streamed, bytes.length, 'bytes in pieces')
        }
      }
    },
  },
  {
    name: 'answers CHUNK_NOT_FOUND for a chunk that the checkpoint does not have',
    run: async ({ provider }, first) => {
      const chunk = await succeeds(getChunkMetadata(first, 0), 'chunk metadata')
      const index = BigInt(first.chunks.length)
      const wrong = [
        { ...chunk, index },
        { ...chunk, version: 2 },
        { ...chunk, digest: new Uint8Array(32) },
        { ...chunk, root: { ...chunk.root, version: chunk.root.version + 1000n } },
      ]
      for (const each of wrong) {
        await failsWith(provider.getCheckpointChunk(each), 'CHUNK_NOT_FOUND', 'chunk')
      }
    },
  },
]

/** What every {@link ChunkProvider} promises, one case for each promise. */
export function chunkProviderContract(
  subject: ChunkProviderSubject,
): ContractCase<{ readonly supports: object }>[] {
  return cases.map(({ name, run }) => ({
    name,
    needs: [],
    run: async () => {
      const opened = await subject.open()
      const [first] = opened.checkpoints
      if (first === undefined) throw new TypeError('the subject needs a checkpoint')
      await run(opened, first)
    },
  }))
}
