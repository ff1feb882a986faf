import { packageTests } from '@tidemark/test-setup'

export default packageTests({ testTimeoutMs: 60_000 })
