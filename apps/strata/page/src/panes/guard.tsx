import { PHASE_NAMES } from '../phase-names.ts'
import type { GuardView, KeptItemView, KeptView, RunView } from '../../../src/serve/live.ts'
import { noun, short } from '../format.ts'
import { Pane } from '../pane.tsx'

interface GuardProps {
  readonly run: RunView
  readonly guard: GuardView
}

/** What holds whoever asks: phases that are done, the sealed root, the published roots. */
export function Guard({ run, guard }: GuardProps) {
  const { sealed, published, damaged, kept } = guard
  return (
    <Pane
      id="guard"
      title="Guard rail"
      about="What is done stays done; what is published only goes forward."
    >
      <ol class="phases" aria-label="phases">
        {PHASE_NAMES.map((phase) => {
          const outcome = run.phases[phase]
          const is = outcome ?? (run.state === 'running' ? 'waiting' : 'not done')
          return (
            <li key={phase} class={outcome === undefined ? 'open' : outcome}>
              <b>{phase}</b>
              <span>{is === 'known' ? 'done before' : is}</span>
            </li>
          )
        })}
      </ol>
      <h3>Sealed root</h3>
      {sealed === undefined ? (
        <p class="empty">Nothing is sealed yet.</p>
      ) : (
        <p>
          <code class="hash">{sealed.root}</code> in {noun(sealed.chunks, 'chunk')}
        </p>
      )}
      <h3>Published roots</h3>
      {published.length === 0 && damaged.length === 0 ? (
        <p class="empty">Nothing is published yet.</p>
      ) : undefined}
      <ul class="published">
        {published.map(({ branch, position, commit, root, publishedAt }) => (
          <li key={branch}>
            <b>{branch}</b> {noun(position, 'commit')} to <code>{short(commit)}</code>,{' '}
            <time dateTime={publishedAt}>{publishedAt.slice(0, 16).replace('T', ' ')} UTC</time>
            <br />
            <code class="hash">{root}</code>
          </li>
        ))}
        {damaged.map(({ branch, reason }) => (
          <li key={branch} class="bad">
            <b>{branch}</b> frozen: {reason}
          </li>
        ))}
      </ul>
      <h3>Layers of what is kept</h3>
      {kept === undefined ? <p class="empty">Nothing is kept yet.</p> : <Layers kept={kept} />}
    </Pane>
  )
}

/** The way from the value to the medium, and what became of what was read back. */
function Layers({ kept: { layers, report, settings } }: { readonly kept: KeptView }) {
  return (
    <>
      <ol class="layers" aria-label="layers, from the value to the medium">
        {layers.map(({ name, id, state }) => (
          <li key={name} class={state.replace(' ', '-')}>
            <b>{name}</b>
            <code>{id}</code>
            <span>{state}</span>
          </li>
        ))}
      </ol>
      <Kept name="report" item={report} />
      <Kept name="settings" item={settings} />
    </>
  )
}

interface KeptProps {
  readonly name: string
  readonly item: KeptItemView
}

function Kept({ name, item: { state, savedAt, error, refusedBy, remedy } }: KeptProps) {
  if (error === undefined) {
    return (
      <p data-kept={name}>
        <b>{name}</b> {state === 'none' ? 'nothing is saved' : state}
        {savedAt === undefined ? undefined : (
          <>
            , saved <time dateTime={savedAt}>{savedAt.slice(0, 16).replace('T', ' ')} UTC</time>
          </>
        )}
      </p>
    )
  }
  return (
    <p data-kept={name} class="bad">
      <b>{name}</b> refused {refusedBy === undefined ? '' : `by ${refusedBy}`}:{' '}
      <code>{error.code}</code> {error.message}. {remedy}
    </p>
  )
}
