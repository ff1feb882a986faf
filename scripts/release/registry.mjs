// A package registry for rehearsals: what is published to it stays in memory, everything else comes
// from the registry that npm is set up with. It listens on the loopback interface only.
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** More than any package here; a larger request is a mistake. */
const MAX_BODY_BYTES = 64 * 1024 * 1024

/** Starts it; `published` gives the names and versions that were published so far. */
export async function startRegistry(upstream) {
  const manifests = new Map()
  const tarballs = new Map()
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(JSON.stringify({ error: String(error) }))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}/`

  async function answer(request, response) {
    const path = decodeURIComponent(request.url.slice(1).split('?')[0])
    if (request.method === 'PUT') return publish(path, request, response)
    if (tarballs.has(path)) return response.writeHead(200).end(tarballs.get(path))
    if (manifests.has(path)) return sendJson(response, 200, manifests.get(path))
    if (path.startsWith('@tidemark/')) return sendJson(response, 404, { error: 'not published' })
    response.writeHead(302, { location: new URL(request.url.slice(1), upstream).href }).end()
  }

  async function publish(path, request, response) {
    if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) {
      return sendJson(response, 413, { error: 'too large' })
    }
    const body = JSON.parse(String(await buffer(request)))
    const known = manifests.get(path) ?? { name: path, 'dist-tags': {}, versions: {}, time: {} }
    for (const [version, manifest] of Object.entries(body.versions)) {
      if (version in known.versions) {
        return sendJson(response, 409, { error: `${path} ${version} is published` })
      }
      const [attachment] = Object.values(body['_attachments'])
      const bytes = Buffer.from(attachment.data, 'base64')
      const file = `${path}/-/${version}.tgz`
      tarballs.set(file, bytes)
      const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
      const dist = { ...manifest.dist, tarball: `${url}${file}`, integrity }
      known.versions[version] = { ...manifest, dist }
      known.time[version] = new Date().toISOString()
    }
    Object.assign(known['dist-tags'], body['dist-tags'])
    manifests.set(path, known)
    sendJson(response, 201, { ok: true })
  }

  return {
    url,
    published: () =>
      [...manifests].flatMap(([name, { versions }]) =>
        Object.entries(versions).map(([version, manifest]) => ({ name, version, manifest })),
      ),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve)
        server.closeAllConnections()
      }),
  }
}

function sendJson(response, status, value) {
  // What is known of a package changes from one release to the next: nobody may remember it.
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(JSON.stringify(value))
}
