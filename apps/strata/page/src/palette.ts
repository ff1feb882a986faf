import { useEffect, useState } from 'preact/hooks'

/** What is drawn on a canvas cannot ask a style sheet. */
export interface Palette {
  readonly isDark: boolean
  readonly ink: string
  readonly faint: string
  readonly line: string
  readonly accent: string
  /** From the oldest, 0, to the newest, 1: like the ground, dark below and light above. */
  readonly age: (part: number) => string
}

const DARK = matchMedia('(prefers-color-scheme: dark)')

/** The colours of the scheme that the reader prefers, as it is now. */
export function usePalette(): Palette {
  const [isDark, setDark] = useState(DARK.matches)
  useEffect(() => {
    const listen = ({ matches }: MediaQueryListEvent): void => setDark(matches)
    DARK.addEventListener('change', listen)
    return () => DARK.removeEventListener('change', listen)
  }, [])
  return isDark ? NIGHT : DAY
}

/** Deep slate, clay, ochre, sand: points between which the ages lie. */
const GROUND = [
  [52, 62, 84],
  [98, 84, 96],
  [160, 101, 84],
  [205, 147, 85],
  [236, 205, 140],
] as const

function age(part: number): string {
  const at = Math.min(Math.max(part, 0), 1) * (GROUND.length - 1)
  const [below, above] = [GROUND[Math.floor(at)], GROUND[Math.ceil(at)]]
  const mixed = [0, 1, 2].map((channel) => {
    const [from = 0, to = 0] = [below?.[channel], above?.[channel]]
    return Math.round(from + (to - from) * (at % 1))
  })
  return `rgb(${mixed.join(' ')})`
}

const DAY: Palette = {
  isDark: false,
  ink: '#22252b',
  faint: '#5d636e',
  line: '#e2e0da',
  accent: '#2d6a6a',
  age,
}

const NIGHT: Palette = {
  isDark: true,
  ink: '#e6e3dc',
  faint: '#a2a5ab',
  line: '#33373e',
  accent: '#7fc4bf',
  age,
}

/** Text on a colour of age: white on the old half, ink on the new one. */
export function inkOnAge(part: number): string {
  return part < 0.62 ? '#ffffff' : '#22252b'
}
