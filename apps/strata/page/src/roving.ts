import { useState } from 'preact/hooks'

/** Cells of which one has the focus: Tab goes past all of them, arrows from one to the next. */
export interface Roving {
  /** The cell whose details are shown. */
  readonly current: number
  readonly cell: (index: number) => {
    readonly tabIndex: number
    readonly onFocus: () => void
    readonly onPointerEnter: () => void
    readonly onKeyDown: (event: KeyboardEvent) => void
  }
}

/** Keeps the focus of so many cells; they must be neighbours in the document. */
export function useRoving(cells: number): Roving {
  const [chosen, choose] = useState(0)
  const current = Math.min(chosen, cells - 1)
  return {
    current,
    cell: (index) => ({
      tabIndex: index === current ? 0 : -1,
      onFocus: () => choose(index),
      onPointerEnter: () => choose(index),
      onKeyDown: (event) => {
        const next = nextIndex(event.key, index, cells)
        const { currentTarget } = event
        if (next === undefined || !(currentTarget instanceof Element)) return
        event.preventDefault()
        const neighbour = currentTarget.parentElement?.children[next]
        if (neighbour instanceof HTMLElement) neighbour.focus()
      },
    }),
  }
}

function nextIndex(key: string, index: number, cells: number): number | undefined {
  if (key === 'Home') return 0
  if (key === 'End') return cells - 1
  const step = STEPS.get(key)
  return step === undefined ? undefined : Math.min(Math.max(index + step, 0), cells - 1)
}

const STEPS: ReadonlyMap<string, number> = new Map([
  ['ArrowRight', 1],
  ['ArrowDown', 1],
  ['ArrowLeft', -1],
  ['ArrowUp', -1],
])
