import type { OperationEvent } from './operation-event.ts'

/** Called for every event. What it throws is dropped: watching never breaks the work. */
export type OperationListener = (event: OperationEvent) => void

/** Hands events to listeners, in order. */
export class EventSource {
  readonly #listeners = new Set<OperationListener>()

  /** Adds a listener; the returned function takes it away again. */
  on(listener: OperationListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  emit(event: OperationEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch {
        // A progress bar that fails must not stop what it shows.
      }
    }
  }
}
