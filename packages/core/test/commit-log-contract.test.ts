import { commitLogContract } from '../src/testing/index.ts'
import { memory, runContract } from './support/media.ts'

runContract('on memory', commitLogContract({ ...memory, manyRecords: 3000 }), {})
