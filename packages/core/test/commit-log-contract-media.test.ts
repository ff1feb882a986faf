import { commitLogContract } from '../src/testing/index.ts'
import { files, memory, partOf, runContract } from './support/media.ts'

const subjects = {
  'on a part of memory': partOf(memory, 'tenant-a/'),
  'on files': files,
  'on a part of files': { ...partOf(files, 'tenant-a/'), manyRecords: 1500 },
}

for (const [title, subject] of Object.entries(subjects)) {
  const { supports } = await subject.open()
  runContract(title, commitLogContract(subject), supports)
}
