// A save and a load of a small checkpoint through a whole stack, beside the bare storage.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'
import { inTurn, row, timeMs, us } from '@tidemark/bench-kit'

const ring = unwrap(keyRing({ active: { id: 'k', secret: randomBytes(32) } }))
const VALUE = { theme: 'dark', size: 12, recent: Array.from({ length: 20 }, (_, i) => `file ${i}`) }
const SLICE = 20

export async function stacks() {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-bench-'))
  const storages = {
    bare: unwrap(await FileStorage.open(`${dir}/bare`)),
    hmac: unwrap(await stack(await FileStorage.open(`${dir}/hmac`), hmac(ring))),
    'encrypt, hmac': unwrap(
      await stack(await FileStorage.open(`${dir}/both`), encrypt(ring), hmac(ring)),
    ),
    'compress, encrypt, hmac': unwrap(
      await stack(await FileStorage.open(`${dir}/all`), compress(), encrypt(ring), hmac(ring)),
    ),
  }
  const each = (call) =>
    Object.fromEntries(
      Object.entries(storages).map(([name, storage]) => [name, () => slice(() => call(storage))]),
    )
  const saves = await inTurn(9, each(save))
  const loads = await inTurn(9, each(load))
  for (const [what, times] of Object.entries({ save: saves, load: loads })) {
    for (const [name, time] of Object.entries(times)) {
      row(
        `${what} of 3 small entries on files, ${name}`,
        us(time),
        `${(time / times.bare).toFixed(2)}×`,
      )
    }
  }
  for (const storage of Object.values(storages)) await storage.close()
  rmSync(dir, { recursive: true, force: true })
}

async function slice(call) {
  const all = async () => {
    for (let i = 0; i < SLICE; i++) await call()
  }
  return (await timeMs(all)) / SLICE
}

async function save(storage) {
  unwrap(await storage.save('settings', VALUE, { ifExists: 'replace' }))
}

async function load(storage) {
  const loaded = unwrap(await storage.loadCheckpoint('settings'))
  for (const key of loaded.keys()) unwrap(await loaded.get(key))
  await loaded.close()
}
