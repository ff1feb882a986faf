import { blobStoreContract } from '../src/testing/index.ts'
import { files, memory, partOf, runContract } from './support/media.ts'

const subjects = {
  MemoryBlobStore: memory,
  FileBlobStore: files,
  'a part of a MemoryBlobStore': partOf(memory, 'tenant-a/'),
  'a part of a FileBlobStore': partOf(files, 'tenant-a/'),
  'a part whose prefix ends within a segment': partOf(memory, 'logs/job-'),
  'a part of a part': partOf(partOf(memory, 'outer/'), 'inner.'),
}

for (const [title, subject] of Object.entries(subjects)) {
  const { supports } = await subject.open()
  runContract(title, blobStoreContract(subject), supports)
}
