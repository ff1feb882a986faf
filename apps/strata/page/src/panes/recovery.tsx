import type { StartView } from '../../../src/serve/live.ts'
import { count, noun } from '../format.ts'
import { Pane } from '../pane.tsx'

/** Each start of a run: what it tried, what it passed over and why, where it went on, and what it gave up. */
export function Recovery({ starts }: { readonly starts: readonly StartView[] }) {
  return (
    <Pane
      id="recovery"
      title="Recovery"
      about="Each start: what was passed over and why, where it went on, and what it gave up."
    >
      <ol class="timeline" reversed>
        {starts.toReversed().map((start) => (
          <Start key={start.number} start={start} />
        ))}
      </ol>
    </Pane>
  )
}

function Start({ start }: { readonly start: StartView }) {
  const { number, at, skipped, again, chosen, pruned, end } = start
  return (
    <li>
      <h3>
        Start {number} <time dateTime={at}>{at.slice(11, 19)} UTC</time>
      </h3>
      {skipped.map(({ epoch, reason }) => (
        <p key={epoch} class="bad">
          {epoch === null ? 'a checkpoint' : `epoch ${epoch}`} passed over: {reason}
        </p>
      ))}
      {again === undefined ? undefined : <p class="bad">begun anew: {again}</p>}
      <p>{chosenText(start)}</p>
      {pruned === undefined ? undefined : <p>{prunedText(pruned)}</p>}
      {end === undefined || chosen === undefined ? undefined : (
        <p class={end.state === 'finished' ? 'good' : 'bad'}>{endText(end, chosen.position)}</p>
      )}
      {end?.error === undefined ? undefined : (
        <p class="bad">
          <code>{end.error.code}</code> {end.error.message}
        </p>
      )}
    </li>
  )
}

function chosenText({ chosen, end }: StartView): string {
  if (chosen === undefined) return end === undefined ? 'looking for the place' : 'no place chosen'
  const { epoch, position } = chosen
  if (epoch !== null) return `chosen: epoch ${epoch}, at commit ${count(position)}`
  return 'chosen: the first commit'
}

function prunedText({ first, last, count: all }: NonNullable<StartView['pruned']>): string {
  if (all === 1) return `pruned: epoch ${first}`
  return `pruned: ${noun(all, 'epoch')}, ${first} to ${last}`
}

function endText({ state, position, total }: NonNullable<StartView['end']>, from: number): string {
  const read = noun(Math.max(position - from, 0), 'commit')
  if (state === 'finished') return `finished: ${read} read`
  const how = state === 'killed' ? 'killed with SIGKILL' : state
  return `${how} at commit ${count(position)} of ${count(total)}`
}
