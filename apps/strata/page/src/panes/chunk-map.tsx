import type { ChunksView, ChunkView } from '../../../src/serve/live.ts'
import { noun } from '../format.ts'
import { Pane } from '../pane.tsx'
import { useRoving } from '../roving.ts'

interface ChunkMapProps {
  readonly chunks: ChunksView
  readonly canAsk: boolean
  readonly onVerify: () => void
}

/** A cell for each chunk of the sealed result. */
export function ChunkMap({ chunks, canAsk, onVerify }: ChunkMapProps) {
  const { cells, state, error } = chunks
  const roving = useRoving(cells.length)
  const shown = cells[roving.current]
  return (
    <Pane
      id="chunks"
      title="Chunk map"
      about="The sealed result, restored chunk by chunk into an empty database."
    >
      <button type="button" disabled={!canAsk || state === 'checking'} onClick={onVerify}>
        Verify every chunk
      </button>
      <p role="status">{summary(chunks)}</p>
      {error === undefined ? undefined : (
        <p class="bad">
          <code>{error.code}</code> {error.message}
        </p>
      )}
      {cells.length === 0 ? undefined : (
        <div class="cells" role="group" aria-label="chunks; arrow keys go from one to the next">
          {cells.map((chunk) => (
            <button
              key={chunk.index}
              type="button"
              class={`cell ${chunk.state}`}
              aria-label={`chunk ${chunk.index}, ${chunk.state}`}
              aria-pressed={chunk.index === roving.current}
              {...roving.cell(chunk.index)}
            />
          ))}
        </div>
      )}
      {shown === undefined ? undefined : <Shown chunk={shown} />}
    </Pane>
  )
}

function Shown({ chunk: { index, digest, state, error } }: { readonly chunk: ChunkView }) {
  return (
    <div class="shown">
      <b>chunk {index}</b> {state}
      <br />
      <code class="hash">{digest}</code>
      {error === undefined ? undefined : (
        <p class="bad">
          <code>{error.code}</code> {error.message}
        </p>
      )}
    </div>
  )
}

function summary({ state, cells }: ChunksView): string {
  const proven = cells.filter((cell) => cell.state === 'proven').length
  const refused = cells.filter((cell) => cell.state === 'refused').length
  if (state === 'unknown') return 'Not verified yet.'
  if (state === 'checking') return `${proven} of ${noun(cells.length, 'chunk')} proven so far`
  if (state === 'proven') return `${noun(proven, 'chunk')} proven, none is missing`
  return `${proven} of ${noun(cells.length, 'chunk')} proven, ${refused} refused`
}
