import { useMemo } from 'preact/hooks'
import type { ReportView } from '../../../src/serve/live.ts'
import { baseName, count, noun } from '../format.ts'
import { inkOnAge, usePalette } from '../palette.ts'
import { Pane } from '../pane.tsx'
import { useRoving } from '../roving.ts'
import { treemap } from '../treemap.ts'

/** More tiles cannot be told apart. */
const TILES = 60
/** About what the pane is on a wide screen. */
const RATIO = 2.2
/** A tile of less has no room for its name, in per cent of the plane. */
const MIN_NAMED = { width: 7, height: 8 }

/** Where the work goes: area is size × churn, colour is age. */
export function Hotspots({ report }: { readonly report: ReportView }) {
  const { firstDay, lastDay } = report
  const files = useMemo(() => report.hotspots.slice(0, TILES), [report])
  const tiles = useMemo(
    () =>
      treemap(
        files.map(({ lines, churn }) => lines * churn),
        RATIO,
      ),
    [files],
  )
  const { age } = usePalette()
  const roving = useRoving(files.length)
  const shown = files[roving.current]
  return (
    <Pane
      id="hotspots"
      title="Hotspots"
      about="Where the work goes. The area is size × churn, the colour is the age of half of the lines."
    >
      {shown === undefined ? (
        <p class="empty">No file was changed after it was made.</p>
      ) : undefined}
      <div class="treemap" role="group" aria-label="files; arrow keys go from one to the next">
        {files.map(({ path, lines, churn, medianDay }, index) => {
          const { left = 0, top = 0, width = 0, height = 0 } = tiles[index] ?? {}
          const part = partOf(medianDay, firstDay, lastDay)
          const isNamed = width >= MIN_NAMED.width && height >= MIN_NAMED.height
          return (
            <button
              key={path}
              type="button"
              class="tile"
              aria-label={`${path}, ${noun(lines, 'line')}, churn ${count(churn)}`}
              aria-pressed={index === roving.current}
              style={{
                left: `${left}%`,
                top: `${top}%`,
                width: `${width}%`,
                height: `${height}%`,
                background: age(part),
                color: inkOnAge(part),
              }}
              {...roving.cell(index)}
            >
              {isNamed ? baseName(path) : ''}
            </button>
          )
        })}
      </div>
      <AgeScale firstDay={firstDay} lastDay={lastDay} />
      {shown === undefined ? undefined : (
        <p class="shown">
          <b class="path">{shown.path}</b>
          <br />
          {noun(shown.lines, 'line')}, {noun(shown.commits, 'commit')}, churn {count(shown.churn)},
          half of it born by {shown.medianDay}
        </p>
      )}
    </Pane>
  )
}

/** What the colours mean. */
function AgeScale({ firstDay, lastDay }: Pick<ReportView, 'firstDay' | 'lastDay'>) {
  const { age } = usePalette()
  const steps = [0, 0.25, 0.5, 0.75, 1]
  return (
    <p class="scale">
      {firstDay}
      {steps.map((part) => (
        <i key={part} style={{ background: age(part) }} />
      ))}
      {lastDay}
    </p>
  )
}

/** Where a day lies between two others, from 0 to 1. */
function partOf(day: string | null, first: string | null, last: string | null): number {
  const [at, from, to] = [day, first, last].map((each) => Date.parse(each ?? ''))
  if (at === undefined || from === undefined || to === undefined) return 1
  return to > from ? (at - from) / (to - from) : 1
}
