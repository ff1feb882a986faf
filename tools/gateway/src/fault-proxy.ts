import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens to one connection: where it is cut, counted in bytes from its beginning. */
export type Cut =
  | { readonly kind: 'request'; readonly afterBytes: number }
  | { readonly kind: 'reply'; readonly afterBytes: number }
  /** The reply is swallowed and the connection stays open: the client waits for ever. */
  | { readonly kind: 'silence' }
  | undefined

/** A relay on loopback that cuts connections where it is told to. */
export interface FaultProxy {
  readonly endpoint: string
  /** What happens to the next connections: asked once for each. Default: nothing. */
  readonly plan: (next: () => Cut) => void
  readonly stop: () => Promise<void>
}

/**
 * Starts a relay in front of a server on loopback. A request that is cut never reached the server
 * whole; a reply that is cut left the server with the work done. The client sees the same reset.
 */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  let next: () => Cut = () => undefined
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('close', () => open.delete(socket))
      socket.on('error', () => undefined)
    }
    relay(client, upstream, next())
  })
  const endpoint = await listen(server)
  return {
    endpoint,
    plan: (cuts) => {
      next = cuts
      // Connections that are open already have their plan; new ones must be made.
      for (const socket of open) socket.destroy()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
      }),
  }
}

function relay(client: Socket, upstream: Socket, cut: Cut): void {
  const end = (): void => {
    client.resetAndDestroy()
    upstream.destroy()
  }
  forward(client, upstream, cut?.kind === 'request' ? cut.afterBytes : undefined, end)
  if (cut?.kind === 'silence') {
    upstream.resume()
    upstream.on('end', () => undefined)
  } else forward(upstream, client, cut?.kind === 'reply' ? cut.afterBytes : undefined, end)
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => cut?.kind === 'silence' || client.destroy())
}

function forward(from: Socket, to: Socket, limit: number | undefined, end: () => void): void {
  let passed = 0
  from.on('data', (bytes) => {
    const room = limit === undefined ? bytes.length : limit - passed
    passed += Math.min(bytes.length, room)
    if (bytes.length < room || limit === undefined) {
      if (!to.write(bytes)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
      return
    }
    to.write(bytes.subarray(0, room), end)
  })
  from.on('end', () => to.end())
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      resolve(`http://127.0.0.1:${port}`)
    })
  })
}
