import { commitLogContract } from '../src/testing/index.ts'
import { memory, partOf, runContract } from './support/media.ts'

const subjects = {
  'on memory': { ...memory, manyRecords: 3000 },
  'on a part of memory': partOf(memory, 'tenant-a/'),
}

for (const [title, subject] of Object.entries(subjects)) {
  const { supports } = await subject.open()
  runContract(title, commitLogContract(subject), supports)
}
