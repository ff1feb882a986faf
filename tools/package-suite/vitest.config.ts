import { packageTests } from '@tidemark/test-setup'

export default packageTests({ globalSetup: 'test/support/servers.ts' })
