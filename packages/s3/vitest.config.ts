import { packageTests } from '@tidemark/test-setup'

export default packageTests({ globalSetup: 'test/gateway.ts', testTimeoutMs: 60_000 })
