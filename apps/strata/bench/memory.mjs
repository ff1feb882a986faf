// The most memory that a run takes, and whether that grows with the history or with the result.
import { join } from 'node:path'
import { mib, row } from '@tidemark/bench-kit'
import { strata } from './process.mjs'

const PEAK = new URL('peak.mjs', import.meta.url)

export async function memory({ dir, repositories, counts }) {
  const peaks = []
  for (const [index, repository] of repositories.entries()) {
    const store = join(dir, `memory-${index}`)
    const { result, stderr } = await strata(['run', repository, '--store', store], {
      NODE_OPTIONS: `--import=${PEAK.href}`,
    })
    const bytes = Number(/^peak (\d+)$/m.exec(stderr)?.[1])
    peaks.push({ bytes, files: result.files, lines: result.lines })
  }
  const [small, large] = peaks
  const figures = peaks.map(({ bytes }) => mib(bytes)).join(' -> ')
  const times = (large.bytes / small.bytes).toFixed(2)
  row(`peak memory of a run, ${counts.join(' -> ')} commits`, figures, `${times}×`)
  const sizes = peaks.map(({ files, lines }) => `${lines} in ${files} files`).join(' -> ')
  row('  lines that it knew the birth of', sizes, `${(large.lines / small.lines).toFixed(2)}×`)
}
