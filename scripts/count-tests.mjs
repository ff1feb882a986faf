// Sums the test reports of all packages into the one line that every CI understands.
import { existsSync, readdirSync, readFileSync } from 'node:fs'

const homes = ['packages', 'apps', 'tools'].flatMap((dir) =>
  readdirSync(dir).map((each) => `${dir}/${each}`),
)
const withTests = homes.filter((home) => existsSync(`${home}/vitest.config.ts`))
const sum = { passed: 0, failed: 0, skipped: 0 }
for (const home of withTests) {
  const file = `${home}/dist/test-report.json`
  if (!existsSync(file)) {
    process.stdout.write(`${home}: no test report\n`)
    sum.failed += 1
    continue
  }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  sum.passed += report.numPassedTests
  sum.failed += report.numFailedTests + (report.success || report.numFailedTests > 0 ? 0 : 1)
  sum.skipped += report.numPendingTests + report.numTodoTests
}
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`)
process.exit(sum.failed > 0 || sum.passed === 0 ? 1 : 0)
