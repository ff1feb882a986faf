import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'

const home = fileURLToPath(new URL('..', import.meta.url))

async function bundle(entry: string, conditions: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(home, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    conditions: ['@tidemark/source', ...conditions],
    mainFields: ['module', 'main'],
    legalComments: 'none',
    minify: true,
  })
  return outputFiles.map(({ text }) => text).join('')
}

describe('the main entry', () => {
  test.each(['browser', 'default'])('holds nothing of a platform, for %s', async (condition) => {
    const text = await bundle('src/index.ts', [condition])
    expect(text).not.toMatch(/(?:from|import|require)\s*\(?\s*["'`]node:|\bBuffer\b|\bprocess\./)
  })

  test('is loaded without a database driver', async () => {
    expect(await bundle('src/level/index.ts', ['default'])).not.toMatch(/abstract-level/)
  })
})

test('no source file of a portable entry names a platform', () => {
  const src = join(home, 'src')
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file === 'hash/node.ts' || file.startsWith('file/')) continue
    expect(readFileSync(join(src, file), 'utf8'), file).not.toMatch(/from 'node:|\bBuffer\.from/)
  }
})

/** The runnable examples in doc comments, each as a module of its own. */
function examples(): { readonly file: string; readonly code: string }[] {
  const src = join(home, 'src')
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(src, file), 'utf8')
      const blocks = [...text.matchAll(/\* @example\n((?: \*.*\n)+?) \*\//g)]
      return blocks.map(([, block = '']) => ({
        file,
        code: block.replaceAll(/^ \* ?/gm, ''),
      }))
    })
}

/** Some databases are CommonJS inside. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire('file:///')`

describe('examples in doc comments', () => {
  test.each(examples().map(({ file, code }, i) => [`${file} ${i}`, code] as const))(
    '%s runs',
    async (_, code) => {
      const { outputFiles } = await build({
        stdin: { contents: code, resolveDir: home, loader: 'ts' },
        bundle: true,
        write: false,
        format: 'esm',
        platform: 'node',
        banner: { js: REQUIRE },
        conditions: ['@tidemark/source', 'node'],
      })
      const text = outputFiles.map((file) => file.text).join('')
      await import(/* @vite-ignore */ `data:text/javascript;base64,${toBase64(text)}`)
    },
  )
})

function toBase64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}
