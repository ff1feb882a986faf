import type { Live } from './live.ts'

/** What the page shows, as it is now; whoever changes it tells those who listen. */
export interface Board {
  readonly live: () => Live
  /** Replaces a section. */
  readonly put: <Section extends keyof Live>(section: Section, value: Live[Section]) => void
  /** Hears which section has changed, until the function that it gives is called. */
  readonly onChange: (listener: (section: keyof Live) => void) => () => void
}

/** A board that shows this. */
export function newBoard(first: Live): Board {
  let live = first
  const listeners = new Set<(section: keyof Live) => void>()
  return {
    live: () => live,
    put(section, value) {
      live = { ...live, [section]: value }
      for (const listener of listeners) listener(section)
    },
    onChange(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}
