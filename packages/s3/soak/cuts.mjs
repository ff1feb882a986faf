// Cuts every call at every byte of its request and of its reply, once and for ever; a few minutes.
// node packages/s3/soak/cuts.mjs [--step 1]
import { unwrap } from '@tidemark/core'
import {
  cutCreate,
  cutDelete,
  cutLoser,
  cutReads,
  LONGEST_BYTES,
  openTestEndpoint,
  startFaultProxy,
} from '@tidemark/gateway'
import { S3BlobStore } from '@tidemark/s3'
import { parseArgs } from 'node:util'

// The options that every long run has are passed over: each byte is cut once, whatever they say.
const { values } = parseArgs({ strict: false, options: { step: { type: 'string', default: '1' } } })
const server = await openTestEndpoint()
if (typeof server === 'string') throw new Error(server)
const proxy = await startFaultProxy(server.endpoint)
const tally = { applied: 0, notApplied: 0, resolved: 0 }
try {
  const open = async (endpoint) => {
    const { bucket, region, accessKeyId, secretAccessKey } = server
    const credentials = { accessKeyId, secretAccessKey }
    // More goes wrong here than a budget would stand.
    const retry = { pauseMs: 5, attempts: 3, requestTimeoutMs: 5000, reserve: 1_000_000 }
    return unwrap(await S3BlobStore.open({ bucket, region, endpoint, credentials, retry }))
  }
  const witness = await open(server.endpoint)
  const witnessed = { witness, proxy, cut: await open(proxy.endpoint) }
  for (const kind of ['request', 'reply']) {
    for (let afterBytes = 0; afterBytes <= LONGEST_BYTES; afterBytes += Number(values.step)) {
      const where = { kind, afterBytes }
      const name = `${kind}-${afterBytes}`
      await cutCreate(witnessed, `${name}-once`, where, 1, tally)
      await cutCreate(witnessed, `${name}-always`, where, 99, tally)
      await cutLoser(witnessed, `${name}-lost`, where, tally)
      await cutReads(witnessed, where)
      await cutDelete(witnessed, where, name)
    }
  }
  const { applied, notApplied, resolved } = tally
  const total = applied + notApplied + resolved
  process.stdout.write(
    `${server.description}: ${total} creates cut at every ${values.step} bytes: ${applied} applied, ` +
      `${notApplied} not applied, ${resolved} unknown and resolved; 0 duplicates, 0 lost\n`,
  )
} finally {
  await proxy.stop()
  await server.stop()
}
