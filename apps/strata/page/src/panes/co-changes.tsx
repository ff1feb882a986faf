import { useMemo, useState } from 'preact/hooks'
import type { ReportView } from '../../../src/serve/live.ts'
import { baseName, noun, percent } from '../format.ts'
import { Pane } from '../pane.tsx'

/** More names, and the arcs cannot be followed. */
const FILES = 16
const ROW = 26
const WIDTH = 150

type FilePair = ReportView['coChanges'][number]

/** Which files change in the same commits: an arc for each pair. */
export function CoChanges({ pairs }: { readonly pairs: readonly FilePair[] }) {
  const { files, drawn } = useMemo(() => layOut(pairs), [pairs])
  const [focus, setFocus] = useState<string>()
  const isFaint = ({ paths }: FilePair): boolean => focus !== undefined && !paths.includes(focus)
  const strongest = Math.max(1, ...drawn.map(({ support }) => support))
  return (
    <Pane
      id="co-changes"
      title="Change together"
      about="Whoever touches the one should think of the other. Wide: often. Dark: surely."
    >
      {drawn.length === 0 ? (
        <p class="empty">No two files changed together three times.</p>
      ) : undefined}
      <div class="arcs">
        <ul aria-label="files that change with others">
          {files.map((path) => (
            <li key={path}>
              <button
                type="button"
                class="path"
                title={path}
                aria-label={`${path}: ${partnersText(path, drawn)}`}
                onFocus={() => setFocus(path)}
                onBlur={() => setFocus(undefined)}
                onPointerEnter={() => setFocus(path)}
                onPointerLeave={() => setFocus(undefined)}
              >
                {baseName(path)}
              </button>
            </li>
          ))}
        </ul>
        <svg width={WIDTH} height={files.length * ROW} aria-hidden="true">
          {drawn.map((pair) => (
            <path
              key={pair.paths.join('\n')}
              d={arc(pair, files)}
              stroke-width={1 + (5 * pair.support) / strongest}
              stroke-opacity={isFaint(pair) ? 0.06 : 0.25 + 0.75 * pair.confidence}
            />
          ))}
        </svg>
      </div>
      <p class="shown" aria-live="polite">
        {focus === undefined ? closest(drawn[0]) : `${focus}: ${partnersText(focus, drawn)}`}
      </p>
    </Pane>
  )
}

/** The closest pairs of so many files; neighbours in the tree are neighbours here. */
function layOut(pairs: readonly FilePair[]): { files: string[]; drawn: FilePair[] } {
  const known = new Set<string>()
  const drawn = pairs.filter(({ paths }) => {
    const fresh = paths.filter((path) => !known.has(path))
    if (known.size + fresh.length > FILES) return false
    for (const path of fresh) known.add(path)
    return true
  })
  return { files: [...known].sort(), drawn }
}

function arc({ paths }: FilePair, files: readonly string[]): string {
  const [from = 0, to = 0] = paths.map((path) => (files.indexOf(path) + 0.5) * ROW)
  const reach = 14 + (1.25 * (WIDTH - 20) * Math.abs(to - from)) / (files.length * ROW)
  return `M0 ${from} C${reach} ${from} ${reach} ${to} 0 ${to}`
}

function partnersText(path: string, pairs: readonly FilePair[]): string {
  return pairs
    .filter(({ paths }) => paths.includes(path))
    .map(({ paths, support, confidence }) => {
      const other = paths.find((each) => each !== path) ?? path
      return `with ${other} in ${noun(support, 'commit')}, ${percent(confidence)} sure`
    })
    .join('; ')
}

function closest(pair: FilePair | undefined): string {
  if (pair === undefined) return ''
  const { paths, support, confidence } = pair
  const often = `in ${noun(support, 'commit')}, ${percent(confidence)} sure`
  return `The closest: ${paths.join(' and ')}, ${often}.`
}
