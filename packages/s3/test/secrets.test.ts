import { isTidemarkError } from '@tidemark/core'
import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { awsSdkClient } from '../src/aws-sdk/index.ts'
import { formatCard, S3BlobStore, type S3Options } from '../src/index.ts'
import { AT_ONCE } from './fake-store.ts'
import { startHttpBucket, type Override } from './http-bucket.ts'
import { bytesOf, drain } from './support.ts'

const SECRETS = ['SECRET-KEY-OF-OURS', 'TOKEN-OF-OURS', 'KEY-ID-OF-OURS', 'a stored value']
const [secretAccessKey = '', sessionToken = '', accessKeyId = '', value = ''] = SECRETS

/** Everything that a careless log would print of a value. */
function everything(thing: unknown): string {
  const shown = inspect(thing, { depth: 20, showHidden: true })
  const json = isTidemarkError(thing) ? JSON.stringify(thing) : ''
  return shown + json + String(thing)
}

/** Answers that repeat what they were sent, as some servers do. */
const echoing: Override = (request, response) => {
  const { authorization = '' } = request.headers
  const said = `${authorization} ${SECRETS.join(' ')}`
  response.writeHead(403, { 'x-said': said })
  response.end(`<Error><Code>SignatureDoesNotMatch</Code><Message>${said}</Message></Error>`)
  return true
}

it('no error, store or card holds a credential or a stored value', async () => {
  const bucket = await startHttpBucket()
  const credentials = { accessKeyId, secretAccessKey, sessionToken }
  const { endpoint } = bucket
  const retry = { attempts: 1 }
  const common = { retry, runtime: AT_ONCE }
  const options: S3Options = { ...common, bucket: 'test', endpoint, credentials }
  const config = { endpoint, credentials, region: 'us-east-1', forcePathStyle: true }
  const openers = [
    () => S3BlobStore.open(options),
    () => S3BlobStore.over({ ...common, client: awsSdkClient({ bucket: 'test', config }) }),
  ]
  const seen: unknown[] = []
  const cutting: Override = (_, response) => (response.destroy(), true)
  for (const open of openers) {
    for (const override of [echoing, cutting]) {
      bucket.override = () => false
      const opened = await open()
      if (!opened.ok) throw opened.error
      const store = opened.value
      seen.push(store, formatCard(store.card))
      bucket.override = override
      const body = bytesOf(value)
      const calls = [open(), store.put('a', body), store.get('a'), store.head('a')]
      for (const result of await Promise.all(calls)) {
        if (result.ok) throw new Error('every call must fail here')
        seen.push(result.error)
      }
      seen.push(await drain(store.list()).catch((error: unknown) => error))
      seen.push(await store.put('b', body, { if: 'absent' }), await store.delete(['a', 'b']))
    }
  }
  const failing = async (): Promise<never> => {
    throw new Error(`no keys: ${secretAccessKey}`)
  }
  seen.push(await S3BlobStore.open({ ...options, credentials: failing }))
  await bucket.stop()
  for (const thing of seen) {
    for (const secret of SECRETS) expect(everything(thing)).not.toContain(secret)
  }
})
