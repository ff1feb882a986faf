// A long stream through the whole stack and back: memory stays flat.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'
import { mib, row } from '@tidemark/bench-kit'

const PIECE = 2 ** 20
const MORE = 32 * 2 ** 20

export async function streams(size) {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-bench-'))
  const ring = unwrap(keyRing({ active: { id: 'k', secret: randomBytes(32) } }))
  const opened = await FileStorage.open(dir)
  const storage = unwrap(await stack(opened, compress(), encrypt(ring), hmac(ring)))
  const piece = new Uint8Array(randomBytes(PIECE))
  const before = process.memoryUsage().rss
  let [passed, early, late] = [0, before, before]
  /** Written and read: the first half of each warms up, the second half must not need more. */
  const note = () => {
    const { rss } = process.memoryUsage()
    passed = (passed + PIECE) % size
    if (passed < size / 2) early = Math.max(early, rss)
    else late = Math.max(late, rss)
  }
  async function* source() {
    for (let at = 0; at < size; at += PIECE) {
      note()
      yield piece
    }
  }
  const begun = performance.now()
  const draft = unwrap(await storage.createCheckpoint('long'))
  unwrap(await draft.putStream('x', source()))
  const committed = unwrap(await draft.commit())
  const wrote = performance.now() - begun
  let read = 0
  for await (const part of committed.getStream('x')) {
    read += part.length
    note()
  }
  const took = performance.now() - begun - wrote
  if (read !== size) throw new Error('short')
  await committed.close()
  await storage.close()
  rmSync(dir, { recursive: true, force: true })
  const speed = (ms) => `${(size / 2 ** 20 / (ms / 1000)).toFixed(0)} MiB/s`
  const figures = `written ${speed(wrote)}, read ${speed(took)}`
  row(`stream of ${mib(size)} through compress, encrypt, hmac`, figures, '')
  const more = late - early
  const grown = `${mib(early - before)} in the first half, ${mib(more)} more in the second`
  row('  more memory', grown, '', 'flat: ≤ 32 MiB more', more <= MORE)
}
