import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkedProgram, readmeExamples, sourceExamples } from '@tidemark/examples'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { packages } from './support/packages.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 60_000
const places: string[] = []
const [environment, missing, bucket] = [inject('environment'), inject('missing'), inject('bucket')]

afterAll(() => {
  for (const place of places) rmSync(place, { recursive: true, force: true })
})

/** The variables without which a program cannot run. */
function variablesOf(code: string): string[] {
  const own = [...code.matchAll(/process\.env\.(\w+)/g)].map(([, name = '']) => name)
  return code.includes('s3://') ? [...own, 'AWS_ENDPOINT_URL_S3'] : own
}

describe.each(packages)('the documentation of $name', (each) => {
  // In the package, so that it finds what the package depends on; run in a folder of its own.
  mkdirSync(`${each.home}dist`, { recursive: true })
  const programs = mkdtempSync(`${each.home}dist/examples-`)
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-examples-'))
  places.push(programs, directory)
  const examples = [...readmeExamples(each.home), ...sourceExamples(each.home)]

  it('begins with a program', () => {
    expect(examples[0]?.title).toMatch(/^README/)
  })

  it.for(examples.map((example, at) => ({ ...example, at })))(
    '$title runs',
    async (example, { skip }) => {
      for (const variable of variablesOf(example.code)) skip(variable in missing, missing[variable])
      const file = join(programs, `${example.at}.mjs`)
      writeFileSync(file, checkedProgram(example).replaceAll('s3://backups', `s3://${bucket}`))
      const env = { ...process.env, ...environment, STATE_DIR: join(directory, 'state') }
      await run(process.execPath, [file], { cwd: directory, timeout: TIMEOUT_MS, env })
    },
  )
})
