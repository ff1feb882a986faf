import { attempt, thrownError, unwrap, type CheckpointError } from '@tidemark/core'
import { findStore, type StoreQuestion } from '../find-store.ts'
import { checkChunks } from '../tidemark/mkvs-chunks.ts'
import type { Board } from './board.ts'
import type { ChunkView, ChunksView } from './live.ts'

/** Restores the sealed result of a root, and shows on the board what becomes of each chunk. */
export async function showChunks(
  { live, put }: Board,
  question: StoreQuestion,
  root: string,
): Promise<void> {
  const show = (change: Partial<ChunksView>): void => {
    put('chunks', { ...live().chunks, ...change })
  }
  put('chunks', { state: 'checking', root, cells: [] })
  const onList = (digests: readonly string[]): void => {
    show({ cells: digests.map((digest, index) => ({ index, digest, state: 'known' })) })
  }
  const onChunk = (index: number, refused: CheckpointError | undefined): void => {
    const cells = [...live().chunks.cells]
    const { digest = '' } = cells[index] ?? {}
    cells[index] = { index, digest, ...outcome(refused) }
    show({ cells })
  }
  const work = async (): Promise<boolean> => {
    const { store } = unwrap(await findStore(question))
    try {
      return unwrap(await checkChunks(store, root, { onList, onChunk })).proven
    } finally {
      await store.close()
    }
  }
  const checked = await attempt(work, thrownError<CheckpointError>)
  if (checked.ok) return show({ state: checked.value ? 'proven' : 'refused' })
  const { code, message } = checked.error
  show({ state: 'refused', error: { code, message } })
}

function outcome(refused: CheckpointError | undefined): Pick<ChunkView, 'state' | 'error'> {
  if (refused === undefined) return { state: 'proven' }
  const { code, message } = refused
  return { state: 'refused', error: { code, message } }
}
