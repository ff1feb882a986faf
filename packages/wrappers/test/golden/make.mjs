// Made the stores in this folder, once, with the version that introduced their format. Golden files
// are never made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import { unwrap } from '@tidemark/core'
import { FileStorage } from '@tidemark/core/file'
import { checksum, compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'

const folder = process.argv[2]
const secret = (first) => Uint8Array.from({ length: 32 }, (_, i) => first + i)
const ring = unwrap(keyRing({ active: { id: '2026', secret: secret(0) } }))
const named = { namespace: 'golden' }
const STACKS = {
  sealed: [compress(), encrypt(ring, named), checksum(), hmac(ring, { ...named, index: true })],
  hmac: [hmac(ring)],
  encrypted: [encrypt(ring)],
  plain: [compress({ format: 'deflate' }), checksum()],
}
for (const [name, layers] of Object.entries(STACKS)) {
  const opened = await FileStorage.open(`${folder}/${name}`, { now: () => 1_700_000_000_000 })
  const storage = unwrap(await stack(opened, ...layers))
  for (const page of [1, 2]) {
    unwrap(await storage.save('job/Ä', { page, none: '' }, { ifExists: 'replace' }))
  }
  const large = new Uint8Array(70_000).map((_, i) => i % 7)
  const options = { metadata: { host: 'a1', '2': [null, -1.5e300] } }
  unwrap(await storage.save('mixed', { large, text: 'and again '.repeat(100) }, options))
  unwrap(await storage.save('gone', { x: 1 }))
  unwrap(await storage.removeCheckpoint('gone'))
  await storage.close()
}
