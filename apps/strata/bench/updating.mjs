// An update of ten new commits to a place that is far along: the start of the process, all phases.
import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { median, row } from '@tidemark/bench-kit'
import { ENVIRONMENT, strata } from './process.mjs'

const NEW = 10
const MAX_MS = 2000

export async function updating({ repository, dir, rounds }) {
  const git = (...args) => execFileSync('git', args, { env: ENVIRONMENT, encoding: 'utf8' }).trim()
  const [head, before] = ['HEAD', `HEAD~${NEW}`].map((at) => git('-C', repository, 'rev-parse', at))
  const [read, store] = [join(dir, 'read'), join(dir, 'updated')]
  git('-C', repository, 'update-ref', 'refs/heads/main', before)
  await strata(['run', repository, '--store', read])
  git('-C', repository, 'update-ref', 'refs/heads/main', head)
  const samples = []
  for (let round = -1; round < rounds; round++) {
    cpSync(read, store, { recursive: true })
    const { ms, result } = await strata(['update', repository, '--store', store])
    if (result.commitsRead !== NEW || !result.finished) throw new Error('it did not read the new')
    if (round >= 0) samples.push(ms)
    rmSync(store, { recursive: true })
  }
  const ms = median(samples)
  const figures = `${ms.toFixed(0)} ms, process start included`
  row(`update with ${NEW} new commits`, figures, '', `≤ ${MAX_MS / 1000} s`, ms <= MAX_MS)
}
