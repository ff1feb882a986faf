import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { row } from '@tidemark/bench-kit'

const LIMIT_MIB = 128

/** 1 GiB up and down in a process of its own, whose whole memory is looked at. */
export async function largeBlobs(server) {
  const child = fileURLToPath(new URL('one-gibibyte.mjs', import.meta.url))
  const { endpoint, bucket, region, accessKeyId, secretAccessKey } = server
  const place = JSON.stringify({ endpoint, bucket, region, accessKeyId, secretAccessKey })
  const env = { ...process.env, TIDEMARK_BENCH_SERVER: place }
  // Without a limit, V8 lets garbage lie until the machine is full.
  const output = execFileSync(process.execPath, ['--max-semi-space-size=2', child], { env })
  const { upMs, downMs, startMib, peakMib } = JSON.parse(output)
  const speed = `up ${Math.round(1_024_000 / upMs)} MiB/s, down ${Math.round(1_024_000 / downMs)} MiB/s`
  const grown = peakMib - startMib
  row(
    '1 GiB, memory beside the start',
    speed,
    `${grown} MiB`,
    `≤ ${LIMIT_MIB} MiB`,
    grown <= LIMIT_MIB,
  )
  row('1 GiB, whole process at its peak', `start ${startMib} MiB`, `${peakMib} MiB`)
}
