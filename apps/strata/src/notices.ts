import { formatCount, formatNoun } from './report/format.ts'
import type { CheckpointSkipped, RunEvent, StartedAgain } from './run-event.ts'

/** What a person should be told of an event, in a sentence; `undefined` for what only counts. */
export function noticeOf(event: RunEvent): string | undefined {
  switch (event.kind) {
    case 'checkpoint-skipped':
      return `${nameOf(event)} cannot be used and is passed over: ${event.reason}`
    case 'history-cut':
      return (
        `this is a shallow clone: everything before commit ${short(event.commit)} is missing, and ` +
        'lines older than it count as born there. `git fetch --unshallow` gets the rest'
      )
    case 'started-again':
      return AGAIN[event.reason](event)
    case 'started':
      if (event.position === 0) return undefined
      return `resumed at commit ${formatCount(event.position)} of ${formatCount(event.total)}`
    case 'not-kept':
      return `the report is not saved: ${event.reason}`
    case 'read':
    case 'layers':
    case 'saving':
    case 'saved':
    case 'phase':
      return undefined
  }
}

/** The first digits of a commit, enough for people. */
export function short(commit: string): string {
  return commit.slice(0, 12)
}

/** How far an interrupted run got. */
export function interruptedNotice(position: number, total: number): string {
  const where = `${formatCount(position)} of ${formatNoun(total, 'commit')}`
  return `interrupted after ${where}; the place is saved. The same command goes on from here`
}

function nameOf({ epoch }: CheckpointSkipped): string {
  return epoch === undefined ? 'a checkpoint' : `checkpoint ${epoch}`
}

const AGAIN: Readonly<Record<StartedAgain['reason'], (event: StartedAgain) => string>> = {
  rewritten: ({ commit = '' }) =>
    `the saved place (commit ${short(commit)}) is not on the line to the present commit: the ` +
    'history was rewritten, or this is another branch. Reading from the beginning',
  deepened: () => 'the clone has more history than it had. Reading from the beginning',
  unusable: () => 'no saved checkpoint can be used. Reading from the beginning',
  earlier: ({ folder = '' }) =>
    `${folder} in the store is the place of an earlier version of Strata; it is left alone and can ` +
    'be deleted. Reading from the beginning',
}
