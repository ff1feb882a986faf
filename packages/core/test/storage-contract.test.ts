import { storageContract } from '../src/testing/index.ts'
import { files, memory, partOf, runContract } from './support/media.ts'

const subjects = {
  'on memory': memory,
  'on files': files,
  'on a part of memory': partOf(memory, 'tenant-a/'),
  'on a part of files': partOf(files, 'tenant-a/'),
}

for (const [title, subject] of Object.entries(subjects)) {
  runContract(title, storageContract(subject), {})
}
