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
