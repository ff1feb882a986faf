import { packageTests } from '@tidemark/test-setup'

export default packageTests({
  testTimeoutMs: 60_000,
  hookTimeoutMs: 300_000,
  globalSetup: 'test/global-servers.ts',
})
