import type { ActName, ActView, ChaosView } from '../chaos/chaos-view.ts'
import type { Board } from './board.ts'
import { startChild, type Child } from './child.ts'
import { CHAOS_EVENT, CHILD_FAILURE } from './child-messages.ts'

/** What is to be broken. */
export interface WatchedChaosOptions {
  readonly seed: number
  /** `undefined`: everything. */
  readonly act: ActName | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Called when it has ended, before the board says so: another may begin. */
  readonly onEnd: () => void
}

/** Breaks things in a process of its own, on a repository of its own, and shows what came of it. */
export function startWatchedChaos(
  { live, put }: Board,
  { seed, act, environment, onEnd }: WatchedChaosOptions,
): Child {
  const show = (change: Partial<ChaosView>): void => put('chaos', { ...live().chaos, ...change })
  put('chaos', { state: 'running', seed, acts: act === undefined ? [] : live().chaos.acts })
  const onEvent = (told: unknown): void => {
    const event = CHAOS_EVENT.safeParse(told)
    if (!event.success) return
    if (event.data.kind === 'untouched') return show({ untouched: event.data.digest })
    if (event.data.kind === 'act') return show({ now: event.data.act })
    const { kind: _, ...view } = event.data
    show({ acts: withAct(live().chaos.acts, view) })
  }
  const only = act === undefined ? [] : ['--act', act]
  const args = ['chaos', '--json', '--seed', String(seed), ...only]
  const child = startChild({ args, environment, onEvent })
  const ended = child.ended.then((end) => {
    onEnd()
    const { now: _, ...view } = live().chaos
    const failure = CHILD_FAILURE.safeParse(end.result)
    if (failure.success) put('chaos', { ...view, state: 'failed', error: failure.data.error })
    else put('chaos', { ...view, state: end.code === 0 ? 'done' : 'failed' })
    return end
  })
  return { kill: child.kill, ended }
}

/** The newest outcome of an act takes the place of the one before. */
function withAct(acts: readonly ActView[], view: ActView): ActView[] {
  return [...acts.filter(({ act }) => act !== view.act), view]
}
