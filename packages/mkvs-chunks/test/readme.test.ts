import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))

test('the README is one program that says what its comments say', () => {
  const readme = readFileSync(join(home, 'README.md'), 'utf8')
  const blocks = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code = '']) => code)
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-readme-'))
  const imports = blocks.flatMap((code) => code.match(/^import .*$/gm) ?? [])
  const [first = '', ...others] = blocks.map((code) => code.replaceAll(/^import .*$/gm, ''))
  const program = [...imports, first, ...others.map((code) => `{\n${code}}`)]
    .join('\n')
    .replaceAll(/'\.\/(\w+)'/g, (_, name: string) => JSON.stringify(join(directory, name)))
  const run = spawnSync(process.execPath, ['--input-type=module'], {
    input: program,
    cwd: home,
    encoding: 'utf8',
  })
  rmSync(directory, { recursive: true })
  expect(run.stderr).toBe('')
  const promised = [...program.matchAll(/\/\/ => (.*)$/gm)].map(([, text = '']) => text)
  expect(promised.length).toBeGreaterThan(8)
  expect(run.stdout.trim().split('\n')).toEqual(promised)
})
