import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { concat, unwrap } from '@tidemark/core'
import { formatCount } from '../report/format.ts'
import { savedReport } from '../saved-report.ts'
import { settings } from '../settings.ts'
import { refusal, unseen, type Found, type Refused } from './found.ts'
import { attemptRun, copy, newestRecord, replace, runIn, type Scene } from './scene.ts'

/** The digest that ends a record, and bytes before it that are of what was kept. */
const [DIGEST_BYTES, SEALED_BYTES] = [32, 32]

/**
 * A bit of the kept settings, flipped by somebody who knows the format: the digest of the record is
 * right again. Who has no key cannot do as much with the seal.
 */
export async function tamperSettings(scene: Scene): Promise<Found> {
  const { environment, store, repository } = scene
  const question = { place: repository, store, environment }
  unwrap(await settings({ ...question, name: 'limit', value: '20', reset: false }))
  const { path, name } = await newestRecord(scene, 'kept/log/n-settings.r')
  let at = 0
  await replace(path, (bytes) => {
    const record = bytes.slice(0, -DIGEST_BYTES)
    at = record.length - scene.random.between(1, SEALED_BYTES)
    record.set([(record[at] ?? 0) ^ 1], at)
    return concat([record, createHash('sha256').update(record).digest()])
  })
  const refused = refusal(await attemptRun(scene), ['AUTHENTICATION_FAILED'])
  unwrap(await settings({ ...question, name: undefined, value: undefined, reset: true }))
  const { result } = await runIn(scene)
  return {
    did: `one bit of byte ${formatCount(at)} of ${name} flipped, and its digest made right again`,
    ...caught(refused),
    recovered: 'no run begins until `strata settings --reset`; then the defaults hold again',
    digest: result.digest,
  }
}

/** The report of a run before the last one, whole and genuine, in the place of the newest. */
export async function oldReport(scene: Scene): Promise<Found> {
  const { environment, store, repository, scratch } = scene
  const question = { place: repository, store, environment }
  await runIn(scene)
  const [kept, old] = [join(store, 'kept'), join(scratch, 'old')]
  await copy(kept, old)
  await runIn(scene)
  unwrap(await savedReport(question, undefined))
  await rm(kept, { recursive: true })
  await copy(old, kept)
  const refused = refusal(await savedReport(question, undefined), ['ROLLBACK_DETECTED'])
  const { result } = await runIn(scene)
  const { json } = unwrap(await savedReport(question, undefined))
  if (!json.includes(result.digest)) throw unseen('another report is shown than was saved')
  return {
    did: 'all that was kept before the last run, put back in the place of what it saved',
    ...caught(refused),
    recovered: 'the report is not shown; the next run saves it anew, and that one is',
    digest: result.digest,
  }
}

/** Which of the layers of the package it was. */
function caught({ error, refusedBy }: Refused): Pick<Found, 'error' | 'caughtBy'> {
  if (refusedBy === undefined) throw unseen('no layer says that it refused')
  return { error, caughtBy: `@tidemark/wrappers: ${refusedBy}` }
}
