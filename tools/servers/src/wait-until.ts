import { createConnection } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Repeats a check until it holds; rejects after so long. */
export async function waitUntil(
  what: string,
  holds: () => Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const begunMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - begunMs > timeoutMs) throw new Error(`${what} took too long`)
    await sleep(20)
  }
}

/** Whether a server says something, which begins as wanted, on a port of the loopback interface. */
export function greets(port: number, hello?: Uint8Array, wanted = ''): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(1000, () => end(false))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.once('data', (bytes) => end(bytes.toString('latin1').startsWith(wanted)))
    if (hello !== undefined) socket.once('connect', () => socket.write(hello))
  })
}
