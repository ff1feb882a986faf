import { setTimeout as sleep } from 'node:timers/promises'
import type { Daemon } from './daemon.ts'

/** Seconds are usual; a machine at its limit takes longer. */
const READY_WITHIN_MS = 60_000
const POLL_MS = 20

/** Waits until something holds; throws when a daemon has ended by then, or after a minute. */
export async function until(
  running: readonly Daemon[],
  ready: () => Promise<boolean>,
): Promise<void> {
  const begunMs = performance.now()
  while (performance.now() - begunMs < READY_WITHIN_MS) {
    if (!running.every((daemon) => daemon.alive())) throw new Error('a daemon ended')
    if (await ready()) return
    await sleep(POLL_MS)
  }
  throw new Error(`not ready within ${READY_WITHIN_MS} ms`)
}

/** Whether a server on loopback answers requests. */
export async function answers(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
  await answer?.body?.cancel()
  return answer !== undefined && answer.status < 500
}
