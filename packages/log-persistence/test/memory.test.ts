import { memoryPersistence } from '../src/index.ts'
import { describeContract } from './contract.ts'

describeContract(
  'memory',
  { place: async () => ({ open: memoryPersistence, remove: async () => undefined }) },
  [],
)
