import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const src = join(import.meta.dirname, '..', 'src')
// Beside the tests, where the modules of the workspace are found.
const generated = mkdtempSync(join(import.meta.dirname, 'examples-'))

afterAll(() => rmSync(generated, { recursive: true }))

/** The examples in doc comments: `value // => expected` becomes a check. */
function examples(): { readonly file: string; readonly code: string }[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8')
      return [...text.matchAll(/@example\n([\s\S]*?)\*\//g)].map(([, block = '']) => ({
        file,
        code: toModule(block.replaceAll(/^ *\* ?/gm, '')),
      }))
    })
}

function toModule(code: string): string {
  const checked = code.replaceAll(/^(.*\S) +\/\/ => (.*)$/gm, '__expect($1).toEqual($2)')
  const local = checked.replaceAll(
    /'@tidemark\/operation(\/[a-z]+)?'/g,
    (_, entry: string = '') => `'../../src${entry}/index.ts'`,
  )
  return `import { expect as __expect } from 'vitest'\n${local}\nexport {}\n`
}

describe('the examples in doc comments', () => {
  const found = examples()

  it('are found', () => {
    expect(found.length).toBeGreaterThanOrEqual(9)
  })

  for (const [index, { file, code }] of found.entries()) {
    it(`of ${file} (${index}) do what they say`, async () => {
      const path = join(generated, `example-${index}.ts`)
      writeFileSync(path, code)
      await import(/* @vite-ignore */ path)
    })
  }
})
