// Made the stores in this folder, once, with the version that introduced their format. Golden files
// are never made again: they prove that what was written then can still be read.
// usage: node test/golden/make.mjs <folder>
import { cbor } from '@tidemark/core/cbor'
import { acquireLease, blobCommitLog, unwrap } from '@tidemark/core'
import { FileBlobStore, FileStorage } from '@tidemark/core/file'

const folder = process.argv[2]
const storage = unwrap(await FileStorage.open(`${folder}/storage`, { now: () => 1_700_000_000_000 }))
for (const page of [1, 2]) {
  unwrap(await storage.save('job/Ä', { page, note: 'plain' }, { ifExists: 'replace' }))
}
const draft = unwrap(await storage.createCheckpoint('mixed', { metadata: { host: 'a1' } }))
unwrap(await draft.put('bytes', new Uint8Array([0, 255])))
unwrap(await draft.put('map', new Map([[1n, new Date(0)]]), { codec: cbor }))
unwrap(await draft.put('large', new Uint8Array(70_000).fill(7)))
await unwrap(await draft.commit()).close()
unwrap(await storage.save('gone', { x: 1 }))
unwrap(await storage.removeCheckpoint('gone'))
unwrap(await storage.save('n'.repeat(300), { long: true }))
await storage.close()

const store = unwrap(await FileBlobStore.open(`${folder}/log`))
const log = blobCommitLog(store, 'log.')
let tip
for (let i = 1; i <= 5; i++) tip = unwrap(await log.append(tip, new Uint8Array([i])))
const lease = unwrap(await acquireLease(store, 'log.'))
unwrap(await lease.append(new Uint8Array([7])))
await lease.close()
unwrap(await log.truncate(4, { keep: [2], force: true }))
await store.close()
