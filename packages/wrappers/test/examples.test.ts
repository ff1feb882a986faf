import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const generated = mkdtempSync(join(import.meta.dirname, 'examples-'))
const home = mkdtempSync(join(tmpdir(), 'tidemark-examples-'))
afterAll(() => {
  for (const dir of [generated, home]) rmSync(dir, { recursive: true })
})

const readme = readFileSync(join(root, 'README.md'), 'utf8')

/** What an example prints, run on the built package as a user would. */
function run(name: string): string {
  const args = [join(root, 'examples', name), join(home, 'store')]
  return execFileSync(process.execPath, args, { encoding: 'utf8' })
}

describe('the README shows', () => {
  it('the settings store, and what it prints', () => {
    expect(readme).toContain(readFileSync(join(root, 'examples', 'settings.mjs'), 'utf8').trim())
    const printed = run('settings.mjs')
    expect(printed).toContain('ROLLBACK_DETECTED')
    expect(readme).toContain(`\`\`\`text\n${printed}\`\`\``)
  })

  it('a layer of somebody’s own in under 60 lines, which keeps the contract', () => {
    const source = readFileSync(join(root, 'examples', 'brotli.mjs'), 'utf8')
    expect(readme).toContain(source.trim())
    expect(source.split('\n').length).toBeLessThan(60)
    expect(run('brotli.mjs')).toBe('160000 characters\n')
  })
})

/** The examples in doc comments; `value // => expected` becomes a check. */
function examples(): { name: string; code: string }[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, 'src', file), 'utf8')
      return [...text.matchAll(/@example\n([\s\S]*?)\*\//g)].map(([, block = '']) => ({
        name: file,
        code: block.replaceAll(/^ *\* ?/gm, ''),
      }))
    })
}

describe('the example of', () => {
  it.each(examples())('$name', async ({ name, code }) => {
    const [src, test] = [join(root, 'src'), import.meta.dirname].map((dir) =>
      relative(generated, dir),
    )
    const checked = code
      .replaceAll(/^(.*\S) +\/\/ => (.*)$/gm, '__same($1, $2)')
      .replaceAll("'@tidemark/wrappers/testing'", `'${src}/testing/index.ts'`)
      .replaceAll("'@tidemark/wrappers'", `'${src}/index.ts'`)
    const path = join(generated, `${name.replaceAll(/\W/g, '-')}.ts`)
    writeFileSync(path, `import { same as __same } from '${test}/support/same.ts'\n${checked}\n`)
    await import(/* @vite-ignore */ path)
  })
})
