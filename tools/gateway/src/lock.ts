import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A download takes seconds; whoever waits longer than this has a hung neighbour. */
const PATIENCE_MS = 300_000
const POLL_MS = 200

/** Runs `work` while no other process on this machine does, under a lock file. */
export async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  for (let waited = 0; !(await take(path)); waited += POLL_MS) {
    if (waited > PATIENCE_MS) throw new Error(`${path} has been held for ${PATIENCE_MS} ms`)
    await sleep(POLL_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    // A holder that died leaves its file behind. What the lock guards is renamed into place whole,
    // so that two who both take a dead one's lock waste a download and no more.
    if (!(await holderLives(path))) await rm(path, { force: true })
    return false
  }
}

async function holderLives(path: string): Promise<boolean> {
  const holder = await readFile(path, 'utf8').catch(() => '')
  if (holder === '') return true
  try {
    process.kill(Number(holder), 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
