// What a runtime runs: every contract that it can, with one line of JSON for each package.
import { portableCases, runCases } from './portable-cases.mjs'

const [medium] = process.argv.slice(2)
const { fileCases, removeFiles } =
  medium === 'file'
    ? await import('./file-cases.mjs')
    : { fileCases: {}, removeFiles: () => undefined }
const suites = medium === 'file' ? fileCases : portableCases
for (const [name, cases] of Object.entries(suites)) {
  process.stdout.write(`${JSON.stringify({ name, ...(await runCases(cases)) })}\n`)
}
removeFiles()
process.exit(0)
