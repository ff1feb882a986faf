import { fileURLToPath } from 'node:url'
import { packageTests } from '@tidemark/test-setup'

const globalSetup = fileURLToPath(import.meta.resolve('@tidemark/gateway/vitest-setup'))

export default packageTests({ globalSetup, testTimeoutMs: 120_000 })
