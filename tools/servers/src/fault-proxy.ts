import { createConnection, createServer, type Socket } from 'node:net'

/** What the proxy does to the connections through it. */
export interface FaultProxy {
  readonly port: number
  /** How many connections are open. */
  readonly connections: () => number
  /** Cuts every connection, both ways, at once. */
  cut(): void
  /** From now on answers are swallowed: what is asked still arrives. */
  muteAnswers(): void
  /** From now on nothing passes in either direction, and nothing is closed. */
  freeze(): void
  /** Passes everything again; connections that lost bytes meanwhile are cut. */
  heal(): void
  /** Ends the proxy. */
  stop(): Promise<void>
}

/** A proxy on loopback that can lose answers, hang and cut. */
export async function startFaultProxy(targetPort: number): Promise<FaultProxy> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let mode: 'pass' | 'mute' | 'freeze' = 'pass'
  const cut = (): void => {
    for (const [client, target] of pairs) {
      client.destroy()
      target.destroy()
    }
    pairs.clear()
  }
  const server = createServer((client) => {
    const target = createConnection({ host: '127.0.0.1', port: targetPort })
    const pair = [client, target] as const
    pairs.add(pair)
    client.on('data', (bytes) => {
      if (mode !== 'freeze') target.write(bytes)
    })
    target.on('data', (bytes) => {
      if (mode === 'pass') client.write(bytes)
    })
    for (const socket of pair) {
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        client.destroy()
        target.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: () => pairs.size,
    cut,
    muteAnswers: () => {
      mode = 'mute'
    },
    freeze: () => {
      mode = 'freeze'
    },
    heal: () => {
      mode = 'pass'
      cut()
    },
    stop: async () => {
      cut()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
