import type { RunEvent, StartedAgain } from './run-event.ts'

/** What happened on the way of a run that the numbers alone do not tell. */
export interface Incidents {
  readonly checkpointsSkipped: readonly {
    readonly epoch: number | null
    readonly reason: string
  }[]
  readonly startedAgain: StartedAgain['reason'] | undefined
}

/** Gathers the incidents from the events that it hears. */
export function gatherIncidents(): {
  readonly hear: (event: RunEvent) => void
  readonly soFar: () => Incidents
} {
  let incidents: Incidents = { checkpointsSkipped: [], startedAgain: undefined }
  return {
    hear(event) {
      if (event.kind === 'started-again') incidents = { ...incidents, startedAgain: event.reason }
      if (event.kind === 'checkpoint-skipped') {
        const { epoch = null, reason } = event
        const checkpointsSkipped = [...incidents.checkpointsSkipped, { epoch, reason }]
        incidents = { ...incidents, checkpointsSkipped }
      }
    },
    soFar: () => incidents,
  }
}
