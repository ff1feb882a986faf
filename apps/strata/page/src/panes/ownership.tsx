import { useMemo } from 'preact/hooks'
import type { ReportView } from '../../../src/serve/live.ts'
import { count, percent } from '../format.ts'
import { Pane } from '../pane.tsx'

/** So many directories are compared at a glance. */
const DIRECTORIES = 12
/** So many people have a colour of their own; the others share one. */
const COLOURED = 6

type Directory = ReportView['ownership'][number]

/** Who wrote what is there, and how few could leave before half of it has nobody. */
export function Owners({ ownership }: { readonly ownership: readonly Directory[] }) {
  const most = useMemo(() => mostLines(ownership), [ownership])
  const colour = (name: string): string => {
    const index = most.indexOf(name)
    return `person-${index === -1 ? 'other' : index}`
  }
  return (
    <Pane
      id="ownership"
      title="Ownership"
      about="Who wrote the lines that survive, and how many people it takes to know half of them."
    >
      <ul class="legend" aria-label="people">
        {most.map((name) => (
          <li key={name}>
            <i class={colour(name)} />
            {name}
          </li>
        ))}
        <li>
          <i class="person-other" />
          others
        </li>
      </ul>
      <ul class="bars">
        {ownership.slice(0, DIRECTORIES).map((directory) => (
          <li key={directory.directory}>
            <div class="bar-name">
              <b class="path">{directory.directory}</b>
              <span>
                {count(directory.lines)} lines; half by {people(knowHalf(directory))}
              </span>
            </div>
            <Bar directory={directory} colour={colour} />
          </li>
        ))}
      </ul>
    </Pane>
  )
}

function Bar(props: { readonly directory: Directory; readonly colour: (name: string) => string }) {
  const { directory, colour } = props
  const { authors } = directory
  const said = authors.slice(0, 3).map(({ name, share }) => `${name} ${percent(share)}`)
  return (
    <div class="bar" role="img" aria-label={`${directory.directory}: ${said.join(', ')}`}>
      {authors.map(({ name, share, lines }, index) => (
        <i
          key={index}
          class={colour(name)}
          title={`${name}: ${count(lines)} lines, ${percent(share)}`}
          style={{ width: `${100 * share}%` }}
        />
      ))}
    </div>
  )
}

function mostLines(ownership: readonly Directory[]): string[] {
  const lines = new Map<string, number>()
  for (const { authors } of ownership) {
    for (const { name, lines: own } of authors) lines.set(name, (lines.get(name) ?? 0) + own)
  }
  const sorted = [...lines].sort(([, a], [, b]) => b - a)
  return sorted.slice(0, COLOURED).map(([name]) => name)
}

function knowHalf({ authors }: Directory): number {
  let known = 0
  const index = authors.findIndex(({ share }) => (known += share) >= 0.5)
  return index === -1 ? authors.length : index + 1
}

function people(number: number): string {
  return number === 1 ? 'one person' : `${number} people`
}
