// The tests that judge the mutants of one package.
import { packageTests } from '../../tools/test-setup/index.js'

const config = packageTests({ testTimeoutMs: 20_000 })

// oxlint-disable-next-line import/no-default-export -- where vitest looks for it
export default {
  ...config,
  test: {
    ...config.test,
    include: JSON.parse(process.env['TIDEMARK_SCORE_TESTS'] ?? '[]'),
    reporters: [],
    isolate: false,
    fileParallelism: false,
  },
}
