import { PHASE_NAMES } from '../phase-names.ts'
import type { GuardView, RunView } from '../../../src/serve/live.ts'
import { noun, short } from '../format.ts'
import { Pane } from '../pane.tsx'

interface GuardProps {
  readonly run: RunView
  readonly guard: GuardView
}

/** What holds whoever asks: phases that are done, the sealed root, the published roots. */
export function Guard({ run, guard }: GuardProps) {
  const { sealed, published, damaged } = guard
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
    </Pane>
  )
}
