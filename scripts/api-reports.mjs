// pnpm api [--check]: what each entry of each package exports, with its types, as a text that is
// checked in under <package>/api/: a change of the public surface shows in the diff of a change.
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const isCheck = process.argv.includes('--check')
const root = fileURLToPath(new URL('..', import.meta.url))
let changed = 0
for (const folder of readdirSync(`${root}packages`)) {
  const home = `${root}packages/${folder}`
  if (!existsSync(`${home}/package.json`)) continue
  const { exports } = JSON.parse(readFileSync(`${home}/package.json`, 'utf8'))
  for (const [entry, target] of Object.entries(exports)) {
    if (entry.endsWith('.json')) continue
    const title = entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-')
    if (!report(home, title, `${home}/${target.types}`)) {
      changed += 1
      process.stderr.write(
        `the API of ${folder} ${entry} is not what ${folder}/api/${title}.api.md says\n`,
      )
    }
  }
}
if (changed > 0) {
  process.stderr.write('run `pnpm api`, and look at the difference\n')
  process.exitCode = 1
}

/** Writes, or compares, the report of one entry; whether it is as it was. */
function report(home, title, mainEntryPointFilePath) {
  mkdirSync(`${home}/api`, { recursive: true })
  const extractorConfig = ExtractorConfig.prepare({
    configObject: {
      projectFolder: home,
      mainEntryPointFilePath,
      compiler: { tsconfigFilePath: `${home}/tsconfig.json` },
      apiReport: {
        enabled: true,
        reportFileName: `${title}.api.md`,
        reportFolder: `${home}/api`,
        reportTempFolder: `${home}/dist/api`,
      },
      newlineKind: 'lf',
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
    },
    packageJsonFullPath: `${home}/package.json`,
    configObjectFullPath: undefined,
  })
  const result = Extractor.invoke(extractorConfig, {
    localBuild: !isCheck,
    messageCallback: (message) => {
      message.handled = message.logLevel !== ExtractorLogLevel.Error
    },
  })
  return result.succeeded && !(isCheck && result.apiReportChanged)
}
