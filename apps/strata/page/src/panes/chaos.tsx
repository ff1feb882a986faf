import { useState } from 'preact/hooks'
import type { ActName, ActView, ChaosView } from '../../../src/chaos/chaos-view.ts'
import { short } from '../format.ts'
import { Pane } from '../pane.tsx'

interface ChaosProps {
  readonly chaos: ChaosView
  readonly canAsk: boolean
  readonly onChaos: (asked: { readonly seed: number; readonly act?: ActName }) => void
}

/** What each button says; an act that is missing here does not compile. */
const NAMES: Readonly<Record<ActName, string>> = {
  kill: 'Kill a run',
  'flip-state': 'Flip a bit of state',
  'truncate-record': 'Cut the newest record',
  'delete-record': 'Delete the newest record',
  'swap-chunks': 'Swap a chunk',
  'lie-about-chunks': 'Lie about the chunks',
  'tamper-settings': 'Tamper with settings',
  'old-report': 'Put back an old report',
  'force-push': 'Force-push',
}

/** Breaks things, and shows which error came, which package saw it, and what was recovered. */
export function Chaos({ chaos, canAsk, onChaos }: ChaosProps) {
  const [seed, setSeed] = useState(1)
  const canBreak = canAsk && chaos.state !== 'running'
  const acts = Object.entries(NAMES)
  return (
    <Pane
      id="chaos"
      title="Chaos"
      about="Break it, on a made-up repository in a temporary folder: yours is not touched."
    >
      <div class="buttons">
        <button type="button" disabled={!canBreak} onClick={() => onChaos({ seed })}>
          All of them
        </button>
        {acts.map(([act, name]) => (
          <button
            key={act}
            type="button"
            disabled={!canBreak}
            onClick={() => isAct(act) && onChaos({ seed, act })}
          >
            {name}
          </button>
        ))}
        <label class="seed">
          seed
          <input
            type="number"
            min={0}
            max={999_999_999}
            value={seed}
            onInput={({ currentTarget }) => setSeed(Math.trunc(currentTarget.valueAsNumber) || 0)}
          />
        </label>
      </div>
      <p role="status">{summary(chaos)}</p>
      {chaos.error === undefined ? undefined : (
        <p class="bad">
          <code>{chaos.error.code}</code> {chaos.error.message}
        </p>
      )}
      <ul class="acts">
        {chaos.acts.map((view) => (
          <Outcome key={view.act} view={view} />
        ))}
      </ul>
    </Pane>
  )
}

function Outcome({ view }: { readonly view: ActView }) {
  const { act, did, error, caughtBy, recovered, digest, isSame } = view
  return (
    <li data-act={act}>
      <h3>{NAMES[act]}</h3>
      <p>{did}</p>
      <p class="caught">
        <b>{caughtBy}</b> {error === undefined ? undefined : <code class="bad">{error.code}</code>}
      </p>
      {error === undefined ? undefined : <p class="about">{error.message}</p>}
      <p>{recovered}</p>
      <p class={isSame ? 'good' : 'bad'}>
        digest <code title={digest}>{short(digest)}</code>{' '}
        {isSame ? 'is that of an untouched run' : 'differs from an untouched run'}
      </p>
    </li>
  )
}

function isAct(name: string): name is ActName {
  return Object.hasOwn(NAMES, name)
}

function summary({ state, now, acts, seed }: ChaosView): string {
  if (state === 'idle') return ''
  if (state === 'running') return now === undefined ? 'making a repository' : `${NAMES[now]} …`
  const same = acts.filter(({ isSame }) => isSame).length
  return `${same} of ${acts.length} came to the digest of an untouched run (seed ${seed})`
}
