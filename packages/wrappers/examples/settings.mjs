import { cpSync, rmSync } from 'node:fs'
import { randomBytes, unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'

const dir = process.argv[2] ?? './settings'
const open = async (ring) =>
  unwrap(await stack(await FileStorage.open(dir), encrypt(ring), hmac(ring)))

// From your secret store: 32 random bytes each, never from the disk that they protect.
const spring = { id: '2026-spring', secret: randomBytes(32) }
const autumn = { id: '2026-autumn', secret: randomBytes(32) }

let settings = await open(unwrap(keyRing({ active: spring })))
unwrap(await settings.save('app', { theme: 'dark', token: 'a secret' }))
await settings.close()
cpSync(dir, `${dir}.yesterday`, { recursive: true })

// A new key writes, the old one still reads.
const ring = unwrap(keyRing({ active: autumn, decryptOnly: [spring] }))
settings = await open(ring)
const old = unwrap(await settings.loadCheckpoint('app'))
console.log('under the old key:', unwrap(await old.get('theme')))
await old.close()
const replaced = { ifExists: 'replace' }
const saved = unwrap(await settings.save('app', { theme: 'light', token: 'another' }, replaced))
await settings.close()

// Somebody puts yesterday's files back: genuine, and refused by who knows the generation.
rmSync(dir, { recursive: true })
cpSync(`${dir}.yesterday`, dir, { recursive: true })
settings = await open(ring)
const load = await settings.loadCheckpoint('app', { minGeneration: saved.generation })
console.log('after the rollback:', load.ok ? 'loaded' : load.error.code)
await settings.close()

// Without the key there is nothing to read; without the layers there is nothing to open.
settings = await open(unwrap(keyRing({ active: autumn, revoked: ['2026-spring'] })))
const refused = await settings.loadCheckpoint('app')
console.log('without the old key:', refused.ok ? 'loaded' : refused.error.code)
await settings.close()
const plain = unwrap(await FileStorage.open(dir))
const bare = await plain.loadCheckpoint('app')
console.log('without layers:', bare.ok ? 'loaded' : bare.error.code)
await plain.close()
rmSync(`${dir}.yesterday`, { recursive: true })
