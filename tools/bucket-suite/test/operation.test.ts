import { operationContract } from '@tidemark/operation/testing'
import { describe, it } from 'vitest'
import { hasNoServer, openBucket } from './bucket.ts'

describe.skipIf(hasNoServer)('operations in a real bucket', () => {
  for (const { name, run } of operationContract({ open: openBucket })) it(name, run)
})
