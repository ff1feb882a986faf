import { openStorage, unwrap } from '@tidemark/core'
import { S3BlobStore } from '@tidemark/s3'
import { AwsClient } from 'aws4fetch'
import { createHash, randomBytes } from 'node:crypto'
import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'

/** One commit and its bare requests in turn, so that both meet the same moments of the machine. */
const PAIRS = 400

/** A small commit: its requests counted, and its time against the same requests bare. */
export async function commits(server) {
  const sent = []
  const watching = (url, init) => {
    sent.push({ method: init.method, name: new URL(url).pathname, body: init.body })
    return fetch(url, init)
  }
  const storage = await storageOn(server, watching)
  unwrap(await storage.save('job', { page: 0 }))
  sent.length = 0
  unwrap(await storage.save('job', { page: 1 }, { ifExists: 'replace' }))
  const whole = sent.map(({ method }) => method).join(' + ')
  row('requests of a save over the last', whole, sent.length)
  const draft = unwrap(await storage.createCheckpoint('job', { ifExists: 'replace' }))
  unwrap(await draft.put('page', 2))
  sent.length = 0
  unwrap(await draft.commit())
  const methods = sent.map(({ method }) => method).join(' + ')
  row('requests of a small commit', methods, sent.length, '1 PUT + 1 read', sent.length === 2)

  const record = sent.find(({ method }) => method === 'PUT').body
  const plain = await storageOn(server, fetch)
  unwrap(await plain.save('job', { page: 0 }))
  const bare = bareCommits(server, record)
  const times = await inTurn(PAIRS, { ours: () => commitOf(plain), bare })
  const ratio = times.ours / times.bare
  const figures = `${us(times.ours)} against ${us(times.bare)}`
  row('commit against its requests bare', figures, `${ratio.toFixed(2)}×`, '≤ 1.15×', ratio <= 1.15)
}

async function storageOn({ endpoint, bucket, region, accessKeyId, secretAccessKey }, fetch) {
  const credentials = { accessKeyId, secretAccessKey }
  const prefix = `${randomBytes(8).toString('hex')}/`
  const place = { endpoint, bucket, region, credentials, prefix }
  return openStorage(unwrap(await S3BlobStore.open({ ...place, runtime: { fetch } })))
}

/** Only the commit is timed: creating a draft reads what is there. */
async function commitOf(storage) {
  const draft = unwrap(await storage.createCheckpoint('job', { ifExists: 'replace' }))
  unwrap(await draft.put('page', 7))
  return timeMs(async () => unwrap(await draft.commit()))
}

/** The same two requests by the signer alone: a conditional PUT, and a HEAD of what is not there. */
function bareCommits({ endpoint, bucket, region, accessKeyId, secretAccessKey }, record) {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: 0 })
  const base = `${endpoint}/${bucket}/bare-${randomBytes(8).toString('hex')}`
  let number = 0
  return () =>
    timeMs(async () => {
      number += 1
      const digest = createHash('sha256').update(record).digest('hex')
      const headers = { 'if-none-match': '*', 'x-amz-content-sha256': digest }
      const put = await client.fetch(`${base}.r${number}`, { method: 'PUT', headers, body: record })
      await put.arrayBuffer()
      const floor = await client.fetch(`${base}.f1`, { method: 'HEAD' })
      await floor.arrayBuffer()
      if (put.status !== 200 || floor.status !== 404) throw new Error('the bare requests failed')
    })
}
