import { Buffer } from 'node:buffer'
import { inspect } from 'node:util'
import {
  errorFromJson,
  MemoryBlobStore,
  openStorage,
  toHex,
  unwrap,
  type BlobStore,
  type TypedStorage,
} from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { encrypt, hmac, keyRing, stack, type KeyRing } from '../src/index.ts'
import { give, reversed, take } from './support/attacker.ts'
import { key } from './support/media.ts'

const REPLACE = { ifExists: 'replace' } as const

function open(store: BlobStore, ring: KeyRing): Promise<TypedStorage> {
  return unwrap(stack(openStorage(store, { guard: false }), encrypt(ring), hmac(ring)))
}

async function read(storage: TypedStorage, identifier: string): Promise<unknown> {
  const loaded = await storage.loadCheckpoint(identifier)
  if (!loaded.ok) return loaded.error
  return unwrap(await loaded.value.get('x'))
}

describe('a key ring', () => {
  it('rotates: older keys read, the active one writes, what is dropped is unknown', async () => {
    const store = new MemoryBlobStore()
    const [k1, k2] = [key('k1', 1), key('k2', 2)]
    const first = await open(store, unwrap(keyRing({ active: k1 })))
    unwrap(await first.save('old', { x: 'old' }))
    const both = await open(store, unwrap(keyRing({ active: k2, decryptOnly: [k1] })))
    expect(await read(both, 'old')).toBe('old')
    unwrap(await both.save('new', { x: 'new' }))
    const taken = await take(store, 'new', 1)
    expect(JSON.stringify(taken.attachment['seals'])).toContain('"key":"k2"')

    const second = await open(store, unwrap(keyRing({ active: k2 })))
    expect(await read(second, 'new')).toBe('new')
    expect(await read(second, 'old')).toMatchObject({
      code: 'UNKNOWN_KEY',
      details: { keyId: 'k1', reason: 'absent', identifier: 'old', layer: 'hmac-sha-256' },
    })
    const revoked = await open(store, unwrap(keyRing({ active: k2, revoked: ['k1'] })))
    expect(await read(revoked, 'old')).toMatchObject({ details: { reason: 'revoked' } })
    // Saved again, it is under the new key.
    unwrap(await second.save('old', { x: 'again' }, REPLACE))
    expect(await read(second, 'old')).toBe('again')
  })

  it('tells another secret under a known id from an id that it does not know', async () => {
    const store = new MemoryBlobStore()
    unwrap(await (await open(store, unwrap(keyRing({ active: key('k1', 1) })))).save('a', { x: 1 }))
    const wrong = await open(store, unwrap(keyRing({ active: key('k1', 9) })))
    expect(await read(wrong, 'a')).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  })

  it('refuses secrets that are short, and ids that are strange or occur twice', () => {
    const [good, short] = [key('k1', 1), { id: 'k2', secret: new Uint8Array(31) }]
    const bad = [
      { active: short },
      { active: good, decryptOnly: [short] },
      { active: good, decryptOnly: [good] },
      { active: good, revoked: ['k1'] },
      { active: { ...good, id: '' } },
      { active: { ...good, id: 'a\nb' } },
      { active: { ...good, secret: new Uint8Array(2000) } },
    ]
    for (const options of bad) {
      const made = keyRing(options)
      expect(made.ok ? 'ok' : made.error.code).toBe('INVALID_ARGUMENT')
    }
    // What plain JavaScript may pass.
    const text: unknown = 'correct horse battery staple correct'
    const options = { active: { id: 'k1', secret: new Uint8Array(32) } }
    Reflect.set(options.active, 'secret', text)
    expect(keyRing(options).ok).toBe(false)
  })

  it('keeps its secrets when the caller’s arrays change', async () => {
    const store = new MemoryBlobStore()
    const k1 = key('k1', 1)
    const storage = await open(store, unwrap(keyRing({ active: k1 })))
    unwrap(await storage.save('a', { x: 1 }))
    k1.secret.fill(0)
    expect(await read(storage, 'a')).toBe(1)
  })
})

it('row 18: no secret and no value shows in anything that can be printed', async () => {
  const secret = Uint8Array.from({ length: 32 }, (_, i) => 201 + ((i * 7) % 50))
  const ring = unwrap(
    keyRing({
      active: { id: 'k1', secret },
      decryptOnly: [{ id: 'k0', secret: reversed(secret) }],
    }),
  )
  const store = new MemoryBlobStore()
  const storage = await open(store, ring)
  unwrap(await storage.save('a', { x: 'the stored value' }))
  unwrap(await storage.save('b', { x: 'the stored value' }))
  const taken = await take(store, 'a', 1)
  await give(store, 'a', 1, { ...taken, entries: [] })
  const forged = await read(await open(store, ring), 'a')
  const unknown = await read(await open(store, unwrap(keyRing({ active: key('k9', 9) }))), 'b')
  expect(forged).toMatchObject({ code: 'AUTHENTICATION_FAILED' })
  expect(unknown).toMatchObject({ code: 'UNKNOWN_KEY' })
  expect(errorFromJson(JSON.parse(JSON.stringify(forged)))?.code).toBe('AUTHENTICATION_FAILED')

  const shown: string[] = []
  const subjects = { ring, storage, hmac: hmac(ring), encrypt: encrypt(ring), forged, unknown }
  for (const subject of Object.values(subjects)) {
    const options = { depth: Infinity, showHidden: true, getters: true }
    shown.push(inspect(subject, options), String(subject), JSON.stringify(subject))
  }
  shown.push(...[forged, unknown].map((error) => (error instanceof Error ? `${error.stack}` : '')))
  const forms = [secret, reversed(secret)].flatMap((bytes) => [
    toHex(bytes),
    Buffer.from(bytes).toString('base64').slice(0, 40),
    Buffer.from(bytes).toString('latin1'),
    [...bytes].join(',').slice(0, 20),
  ])
  for (const text of shown) {
    expect(text).not.toContain('the stored value')
    // However a printer lays numbers out.
    const bare = text.replaceAll(/\s/g, '')
    for (const form of forms) expect(bare).not.toContain(form)
  }
  expect(shown.join()).toContain('k1')
})
