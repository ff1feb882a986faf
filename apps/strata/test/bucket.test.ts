import { unwrap } from '@tidemark/core'
import { openTestEndpoint } from '@tidemark/gateway'
import { openS3Url } from '@tidemark/s3'
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { randomFrom } from '../src/demo/random.ts'
import { CLEAN, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { jsonIn, start, strata, type Ended } from './support/strata.ts'

const COMMITS = 1200
const EVERY = 60
const KILLS = 6

/** What a store is made of. */
const PARTS = ['kept', 'phases', 'place', 'published', 'sealed']

const SEED = Number(process.env['TIDEMARK_SEED'] ?? Date.now() % 1_000_000)

const server = await openTestEndpoint()
if (typeof server === 'string') {
  process.stderr.write(`\n*** SKIPPED: strata on a real S3 server: ${server}\n\n`)
}
afterAll(async () => {
  if (typeof server !== 'string') await server.stop()
})

/** Surroundings in which a bucket can be opened, and an address in it that nobody else uses. */
function freshBucket(): { readonly env: NodeJS.ProcessEnv; readonly url: string } {
  if (typeof server === 'string') throw new Error(server)
  const env = {
    ...CLEAN,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
    AWS_ENDPOINT_URL_S3: server.endpoint,
  }
  return { env, url: `s3://${server.bucket}/${randomBytes(6).toString('hex')}` }
}

/** Lets a run read so many commits, then kills it without warning. */
async function killedRun(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  killAfter: number,
): Promise<Ended & { readonly resumedFrom: number }> {
  const running = start(args, { env })
  let resumedFrom = 0
  running.onLine((line) => {
    const { kind, position } = eventIn(line)
    if (kind === 'phase') return
    if (kind === 'started') resumedFrom = position
    if (position - resumedFrom >= killAfter) running.kill('SIGKILL')
  })
  return { ...(await running.ended), resumedFrom }
}

function eventIn(line: string): { readonly kind: string; readonly position: number } {
  // oxlint-disable-next-line typescript/no-unsafe-return -- a wrong shape fails the sums below
  return JSON.parse(line)
}

describe.skipIf(typeof server === 'string')(
  `a run that is kept in a bucket (TIDEMARK_SEED=${SEED})`,
  () => {
    it('is killed again and again, resumes, and ends with the digest of a run on disk', async () => {
      const path = await madeRepository(COMMITS)
      const onDisk = jsonIn(await strata(['run', path, '--json', '--store', await scratch()]))
      const { env, url } = freshBucket()
      const args = ['run', path, '--json', '--store', url, '--every', String(EVERY)]
      const random = randomFrom(SEED)
      let [said, resumptions] = ['', 0]
      for (let kills = 0; kills < KILLS; kills += 1) {
        const run = await killedRun(args, env, random.between(0, 3 * EVERY))
        said += run.stdout + run.stderr
        if (run.resumedFrom > 0) resumptions += 1
      }
      const last = await strata(args, { env })
      expect(jsonIn(last)).toMatchObject({ finished: true, digest: onDisk.digest })
      expect(jsonIn(last).resumedFrom).toBeGreaterThan(0)
      expect(resumptions).toBeGreaterThan(0)
      expect(said + last.stdout + last.stderr).not.toContain(env['AWS_SECRET_ACCESS_KEY'])
      const { root = '' } = jsonIn(last)
      expect(root).toBe(onDisk.root)
      const verified = await strata(['verify', url, '--root', root], { env })
      expect(verified.code).toBe(0)
      const bucket = unwrap(await openS3Url(url, env))
      const parts = new Set<string>()
      for await (const { key } of bucket.list()) parts.add(key.split('/')[0] ?? '')
      await bucket.close()
      expect(parts).toEqual(new Set(PARTS))
      const report = await strata(['report', path, '--json', '--store', url], { env })
      expect(report.stdout).toBe(last.stdout)
      // Nothing but the sealed git directory, the key and the notes is kept on this machine.
      expect(await readdir(join(path, 'strata'))).toEqual(['git', 'local'])
    })
  },
)
