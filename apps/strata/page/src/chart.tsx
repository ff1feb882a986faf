import { useEffect, useRef } from 'preact/hooks'
import UPlot, { type AlignedData, type Options } from 'uplot'

/** What a chart shows. */
export interface ChartProps {
  /** What it says, for whoever does not see it. */
  readonly label: string
  readonly height: number
  readonly data: AlignedData
  /** Changes when the chart must be made anew: other series, other colours. */
  readonly form: string
  readonly options: Omit<Options, 'width' | 'height'>
}

/** A chart that is as wide as its place. */
export function Chart({ label, height, data, form, options }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<UPlot>(undefined)
  useEffect(() => {
    const element = place.current
    if (element === null) return undefined
    const made = new UPlot({ ...options, width: element.clientWidth, height }, data, element)
    chart.current = made
    const watch = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    watch.observe(element)
    return () => {
      watch.disconnect()
      made.destroy()
    }
  }, [form, height])
  useEffect(() => chart.current?.setData(data), [data])
  return <div class="chart" role="img" aria-label={label} ref={place} />
}
