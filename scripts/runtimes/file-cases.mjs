// The contracts on the file medium, and every entry that opens a directory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unwrap } from '@tidemark/core'
import { FileBlobStore, FileStorage } from '@tidemark/core/file'
import {
  blobStoreContract,
  commitLogContract,
  storageContract,
  unmetNeeds,
} from '@tidemark/core/testing'
import { openFileCreator } from '@tidemark/mkvs-chunks/file'
import { openOperation } from '@tidemark/operation/file'
import { openStreamStore } from '@tidemark/stream-store/file'

const root = mkdtempSync(join(tmpdir(), 'tidemark-runtime-'))
let places = 0
const place = () => join(root, String((places += 1)))
const open = async () => unwrap(await FileBlobStore.open(place()))
const { supports } = await open()
const having = (cases) => cases.filter(({ needs }) => unmetNeeds(needs, supports).length === 0)

/** The cases of each package, by its name. */
export const fileCases = {
  core: [
    ...having(blobStoreContract({ open })),
    ...having(commitLogContract({ open, manyRecords: 1_000 })),
    ...having(storageContract({ open })),
    { name: 'a directory of checkpoints is opened again', run: reopensStorage },
  ],
  operation: [{ name: 'an operation in a directory is resumed', run: resumesOperation }],
  'stream-store': [
    { name: 'a stream store in a directory opens', run: () => opens(openStreamStore) },
  ],
  'mkvs-chunks': [{ name: 'a creator in a directory is there', run: hasCreator }],
}

/** Takes away what the cases left. */
export function removeFiles() {
  rmSync(root, { recursive: true, force: true })
}

async function reopensStorage() {
  const dir = place()
  const first = unwrap(await FileStorage.open(dir))
  unwrap(await first.save('a', { n: 1 }))
  await first.close()
  const second = unwrap(await FileStorage.open(dir))
  const loaded = unwrap(await second.loadCheckpoint('a'))
  if (unwrap(await loaded.get('n')) !== 1) throw new Error('another value')
  await loaded.close()
  await second.close()
}

async function resumesOperation() {
  const dir = place()
  const first = unwrap(await openOperation({ dir, name: 'job' }))
  unwrap(await first.checkpoint('half', { at: 1 }))
  await first.close()
  const second = unwrap(await openOperation({ dir, name: 'job' }))
  if (unwrap(await second.latest())?.label !== 'half') throw new Error('another checkpoint')
  await second.close()
}

async function opens(openIn) {
  const store = unwrap(await openIn({ dir: place() }))
  await store.close()
}

async function hasCreator() {
  if (typeof openFileCreator !== 'function') throw new Error('there is none')
}
