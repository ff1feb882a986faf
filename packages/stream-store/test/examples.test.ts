import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const generated = mkdtempSync(join(import.meta.dirname, 'examples-'))
const stateDir = mkdtempSync(join(tmpdir(), 'examples-'))
process.env['STATE_DIR'] = stateDir

afterAll(() => {
  for (const dir of [generated, stateDir]) rmSync(dir, { recursive: true })
})

interface Example {
  readonly name: string
  readonly code: string
}

function fromReadme(): Example[] {
  const text = readFileSync(join(root, 'README.md'), 'utf8')
  return [...text.matchAll(/## (.*)\n[^#]*?```ts\n([\s\S]*?)```/g)].map(
    ([, name = '', code = '']) => ({
      name: `README: ${name}`,
      code,
    }),
  )
}

function fromSources(): Example[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  return files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(root, 'src', file), 'utf8')
      return [...text.matchAll(/@example\n([\s\S]*?)\*\//g)].map(([, block = '']) => ({
        name: `src/${file}`,
        code: block.replaceAll(/^ *\* ?/gm, ''),
      }))
    })
}

/** Lines `value // => expected` become checks; imports of this package become relative. */
function toModule(code: string): string {
  const src = relative(generated, join(root, 'src'))
  const checked = code.replaceAll(/^(.*\S) +\/\/ => (.*)$/gm, '__same($1, $2)')
  return `import { same as __same } from '${relative(generated, import.meta.dirname)}/support/same.ts'\n${checked
    .replaceAll("'@tidemark/stream-store/file'", `'${src}/file/index.ts'`)
    .replaceAll("'@tidemark/stream-store/testing'", `'${src}/testing/index.ts'`)
    .replaceAll("'@tidemark/stream-store'", `'${src}/index.ts'`)}\nexport {}\n`
}

describe('every example', () => {
  const examples = [...fromReadme(), ...fromSources()]

  it('is found', () => {
    expect(examples.length).toBeGreaterThanOrEqual(12)
  })

  it.each(examples.map((example, index) => ({ ...example, index })))(
    'of $name does what it says',
    async ({ code, index }) => {
      const file = join(generated, `example-${index}.ts`)
      writeFileSync(file, toModule(code))
      await import(/* @vite-ignore */ file)
    },
  )
})
