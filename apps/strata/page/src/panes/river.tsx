import { useMemo } from 'preact/hooks'
import type { AlignedData, Axis, Options, Series } from 'uplot'
import type { PacePoint, RunView, StrataSample } from '../../../src/serve/live.ts'
import { Chart } from '../chart.tsx'
import { count, noun } from '../format.ts'
import { usePalette, type Palette } from '../palette.ts'
import { Figure, Pane } from '../pane.tsx'

interface RiverProps {
  readonly run: RunView
  readonly strata: readonly StrataSample[]
  readonly pace: readonly PacePoint[]
}

/** Commits as they are read, epochs as they are saved, and the ground as it grows. */
export function River({ run, strata, pace }: RiverProps) {
  const { position, total, resumedFrom, epochs } = run
  const newest = epochs.at(-1)
  return (
    <Pane id="river" title="River" about="The history as it is read, and its place as it is saved.">
      <Flow {...run} />
      <dl class="figures">
        <Figure name="commits" value={`${count(position)} of ${count(total)}`} />
        <Figure name="read by this run" value={count(Math.max(position - resumedFrom, 0))} />
        <Figure name="commits per second" value={count(run.commitsPerSecond)} />
        <Figure
          name="newest epoch"
          value={
            newest === undefined ? 'none yet' : `${newest.epoch}, at ${count(newest.position)}`
          }
        />
      </dl>
      <h3>Surviving lines by birth</h3>
      <Strata strata={strata} total={total} />
      <h3>Pace, commits per second</h3>
      <Pace pace={pace} />
    </Pane>
  )
}

/** How far it is: what an earlier run read, what this one has, and where the place was saved. */
function Flow({ position, total, resumedFrom, epochs, state }: RunView) {
  const part = (of: number): string => `${total === 0 ? 0 : (100 * of) / total}%`
  return (
    <div
      class={`flow ${state}`}
      role="progressbar"
      aria-label="commits read"
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={position}
    >
      <div class="flow-known" style={{ width: part(Math.min(resumedFrom, position)) }} />
      <div
        class="flow-read"
        style={{
          left: part(Math.min(resumedFrom, position)),
          width: part(Math.max(position - resumedFrom, 0)),
        }}
      />
      {epochs.map((epoch) => (
        <div
          key={epoch.epoch}
          class="flow-epoch"
          title={`epoch ${epoch.epoch}, at commit ${count(epoch.position)}`}
          style={{ left: part(epoch.position) }}
        />
      ))}
    </div>
  )
}

/** One band for each layer, the oldest at the bottom. */
function Strata({
  strata,
  total,
}: {
  readonly strata: RiverProps['strata']
  readonly total: number
}) {
  const palette = usePalette()
  const names = useMemo(() => layerNames(strata), [strata])
  const data = useMemo(() => stacked(strata, names), [strata, names])
  const last = strata.at(-1)
  if (last === undefined) {
    return (
      <p class="empty">It grows while commits are read. Read from the first commit to see it.</p>
    )
  }
  const lines = last.layers.reduce((sum, layer) => sum + layer.lines, 0)
  const label =
    `Surviving lines by birth after ${noun(last.position, 'commit')}: ${count(lines)} in all. ` +
    last.layers.map(({ name, lines }) => `${name}: ${count(lines)}`).join(', ')
  return (
    <>
      <Chart
        label={label}
        height={240}
        data={data}
        form={`${names.join()} ${palette.isDark} ${total}`}
        options={strataOptions(names, total, palette)}
      />
      <ul class="legend" aria-label="layers, oldest first">
        {names.map((name, index) => (
          <li key={name}>
            <i style={{ background: palette.age(agePart(index, names.length)) }} />
            {name}
          </li>
        ))}
      </ul>
    </>
  )
}

function layerNames(strata: RiverProps['strata']): string[] {
  return [...new Set(strata.flatMap(({ layers }) => layers.map(({ name }) => name)))].sort()
}

function agePart(index: number, length: number): number {
  return length < 2 ? 1 : index / (length - 1)
}

/** Each row is what lies at or below its layer; the newest comes first, to be painted over. */
function stacked(strata: RiverProps['strata'], names: readonly string[]): AlignedData {
  const rows = names.map((): number[] => [])
  for (const { layers } of strata) {
    const lines = new Map(layers.map(({ name, lines }) => [name, lines]))
    let below = 0
    for (const [index, name] of names.entries()) {
      below += lines.get(name) ?? 0
      rows[index]?.push(below)
    }
  }
  return [strata.map(({ position }) => position), ...rows.toReversed()]
}

function strataOptions(
  names: readonly string[],
  total: number,
  palette: Palette,
): Omit<Options, 'width' | 'height'> {
  const bands = names.toReversed().map((name, index): Series => {
    const colour = palette.age(agePart(names.length - 1 - index, names.length))
    return { label: name, stroke: colour, fill: colour, width: 1, points: { show: false } }
  })
  return {
    ...plain(palette),
    scales: { x: { time: false, range: () => [0, Math.max(total, 1)] }, y: { range: fromZero } },
    series: [{}, ...bands],
  }
}

function Pace({ pace }: { readonly pace: RiverProps['pace'] }) {
  const palette = usePalette()
  const data = useMemo((): AlignedData => {
    return [pace.map(({ ms }) => ms / 1000), pace.map((point) => point.commitsPerSecond)]
  }, [pace])
  const last = pace.at(-1)
  if (last === undefined) return <p class="empty">Shown while a run reads.</p>
  const line = { stroke: palette.accent, width: 1.5, points: { show: false } }
  return (
    <Chart
      label={`Commits per second over ${Math.round(last.ms / 1000)} seconds`}
      height={110}
      data={data}
      form={String(palette.isDark)}
      options={{
        ...plain(palette, (seconds) => `${seconds} s`),
        scales: { x: { time: false }, y: { range: fromZero } },
        series: [{}, line],
      }}
    />
  )
}

function fromZero(_: unknown, __: number | null, highest: number | null): [number, number] {
  return [0, Math.max(1, (highest ?? 0) * 1.05)]
}

/** No pointer and no legend of its own: what a chart says is said beside it. */
function plain(
  { faint, line }: Palette,
  across: (value: number) => string = count,
): Pick<Options, 'legend' | 'cursor' | 'axes'> {
  const axis = (show: (value: number) => string, size: number): Axis => ({
    stroke: faint,
    font: '12px system-ui, sans-serif',
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    values: (_, marks) => marks.map(show),
    size,
  })
  const axes = [axis(across, 28), axis(count, 58)]
  return { legend: { show: false }, cursor: { show: false }, axes }
}
