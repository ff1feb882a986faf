// Cuts every call at every byte of its request and of its reply, once and for ever; a few minutes.
// The places come in an order that the seed says, so that a shorter run is a fair sample of them.
// node packages/s3/soak/cuts.mjs [--seed 1] [--runs N] [--minutes N]
import { soak, skip, seed } from '@tidemark/bench-kit/soak'
import { unwrap } from '@tidemark/core'
import { seededRandom } from '@tidemark/core/testing'
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

const server = await openTestEndpoint()
if (typeof server === 'string') skip(server)
const proxy = await startFaultProxy(server.endpoint)
const tally = { applied: 0, notApplied: 0, resolved: 0 }

async function open(endpoint) {
  const { bucket, region, accessKeyId, secretAccessKey } = server
  const credentials = { accessKeyId, secretAccessKey }
  // More goes wrong here than a budget would stand.
  const retry = { pauseMs: 5, attempts: 3, requestTimeoutMs: 5000, reserve: 1_000_000 }
  return unwrap(await S3BlobStore.open({ bucket, region, endpoint, credentials, retry }))
}

/** Every place where a connection can be cut, shuffled. */
function shuffledPlaces() {
  const random = seededRandom(seed)
  const places = ['request', 'reply'].flatMap((kind) =>
    Array.from({ length: LONGEST_BYTES + 1 }, (_, afterBytes) => ({ kind, afterBytes })),
  )
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[places[i], places[j]] = [places[j], places[i]]
  }
  return places
}

function summary() {
  const { applied, notApplied, resolved } = tally
  return (
    `; ${applied + notApplied + resolved} creates cut: ${applied} applied, ` +
    `${notApplied} not applied, ${resolved} unknown and resolved`
  )
}

try {
  const witness = await open(server.endpoint)
  const witnessed = { witness, proxy, cut: await open(proxy.endpoint) }
  const places = shuffledPlaces()
  const once = async (run) => {
    const where = places[run % places.length]
    const name = `${run}-${where.kind}-${where.afterBytes}`
    await cutCreate(witnessed, `${name}-once`, where, 1, tally)
    await cutCreate(witnessed, `${name}-always`, where, 99, tally)
    await cutLoser(witnessed, `${name}-lost`, where, tally)
    await cutReads(witnessed, where)
    await cutDelete(witnessed, where, name)
  }
  await soak(`places cut on ${server.description}`, places.length, once, summary)
} finally {
  await proxy.stop()
  await server.stop()
}
