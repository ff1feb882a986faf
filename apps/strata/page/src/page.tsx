import { useMemo, useState } from 'preact/hooks'
import type { Live } from '../../src/serve/live.ts'
import { count, noun } from './format.ts'
import { Chaos } from './panes/chaos.tsx'
import { ChunkMap } from './panes/chunk-map.tsx'
import { CoChanges } from './panes/co-changes.tsx'
import { Guard } from './panes/guard.tsx'
import { Hotspots } from './panes/hotspots.tsx'
import { Owners } from './panes/ownership.tsx'
import { Recovery } from './panes/recovery.tsx'
import { River } from './panes/river.tsx'
import { ask, useLive, useToken } from './server.ts'

/** The whole page. */
export function Page() {
  const { live, isConnected } = useLive()
  const [token, keepToken] = useToken()
  const [refusal, setRefusal] = useState<string>()
  if (live === undefined) return <p class="loading">Waiting for the server.</p>
  const doIt = (path: string, body: object): void => {
    void ask(path, body, token).then(setRefusal)
  }
  const canAsk = isConnected && token !== ''
  return (
    <>
      <Head live={live} canAsk={canAsk} onAsk={doIt} />
      {isConnected ? undefined : (
        <p class="banner bad">The server does not answer; this is what it said last.</p>
      )}
      {token === '' ? <TokenField onToken={keepToken} /> : undefined}
      {refusal === undefined ? undefined : (
        <p class="banner bad" role="alert">
          {refusal}
        </p>
      )}
      <Panes live={live} canAsk={canAsk} onAsk={doIt} />
    </>
  )
}

interface Parts {
  readonly live: Live
  readonly canAsk: boolean
  readonly onAsk: (path: string, body: object) => void
}

function Head({ live: { about, run, chaos }, canAsk, onAsk }: Parts) {
  const isRunning = run.state === 'running'
  const canStart = canAsk && !isRunning && chaos.state !== 'running'
  const canEnd = canAsk && isRunning
  return (
    <header>
      <div>
        <h1>Strata</h1>
        <p class="path">{about.repository}</p>
      </div>
      <p class={`state ${run.state}`} role="status">
        {run.state}
      </p>
      <div class="buttons">
        <button type="button" disabled={!canStart} onClick={() => onAsk('run', { from: 'resume' })}>
          Read on
        </button>
        <button type="button" disabled={!canStart} onClick={() => onAsk('run', { from: 'begin' })}>
          Read from the first commit
        </button>
        <button type="button" disabled={!canEnd} onClick={() => onAsk('end', { signal: 'SIGINT' })}>
          Stop
        </button>
        <button
          type="button"
          class="danger"
          disabled={!canEnd}
          onClick={() => onAsk('end', { signal: 'SIGKILL' })}
        >
          kill -9
        </button>
      </div>
    </header>
  )
}

function TokenField({ onToken }: { readonly onToken: (token: string) => void }) {
  return (
    <form
      class="banner"
      onSubmit={(event) => {
        event.preventDefault()
        const typed = new FormData(event.currentTarget).get('token')
        if (typeof typed === 'string') onToken(typed.trim())
      }}
    >
      <label for="token">
        This page only shows. With the token that <code>strata serve</code> printed, its buttons
        work:
      </label>
      <input id="token" name="token" autocomplete="off" spellcheck={false} />
      <button type="submit">Use it</button>
    </form>
  )
}

/** A section is drawn again when it has changed, and only then. */
function Panes({ live, canAsk, onAsk }: Parts) {
  const { run, strata, pace, recovery, guard, chunks, report, chaos } = live
  const isBusy = run.state === 'running' || chaos.state === 'running'
  const canVerify = canAsk && !isBusy && guard.sealed !== undefined
  const river = useMemo(() => <River run={run} strata={strata} pace={pace} />, [run, strata, pace])
  const starts = useMemo(() => <Recovery starts={recovery} />, [recovery])
  const rail = useMemo(() => <Guard run={run} guard={guard} />, [run, guard])
  const map = <ChunkMap chunks={chunks} canAsk={canVerify} onVerify={() => onAsk('verify', {})} />
  const pictures = useMemo(() => <Pictures report={report} />, [report])
  return (
    <main>
      <div class="column">
        {river}
        {map}
      </div>
      <div class="column">
        {starts}
        {rail}
      </div>
      {pictures}
      <Chaos
        chaos={chaos}
        canAsk={canAsk && run.state !== 'running'}
        onChaos={(asked) => onAsk('chaos', asked)}
      />
    </main>
  )
}

function Pictures({ report }: Pick<Live, 'report'>) {
  if (report === null) return undefined
  const { lines, files, firstDay, lastDay, medianDay, digest } = report
  return (
    <>
      <div class="summary">
        <h2>What it comes to</h2>
        <p>
          {noun(report.position, 'commit')} from {firstDay} to {lastDay}: {count(lines)} lines in{' '}
          {noun(files, 'file')}, half of them born by {medianDay}.
        </p>
        <p>
          digest <code class="hash">{digest}</code>
        </p>
      </div>
      <Hotspots report={report} />
      <CoChanges pairs={report.coChanges} />
      <Owners ownership={report.ownership} />
    </>
  )
}
