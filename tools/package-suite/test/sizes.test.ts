import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { bundle } from '@tidemark/test-setup/bundle'
import { describe, expect, it } from 'vitest'
import { packages } from './support/packages.ts'

/** Bytes, minified and gzipped, with everything it needs: the first build and a tenth more. */
const ceilings: unknown = JSON.parse(
  readFileSync(new URL('../size-ceilings.json', import.meta.url), 'utf8'),
)

/** What somebody else brings: drivers and SDKs of databases. */
const OTHERS = ['@aws-sdk/*', 'classic-level', 'libsql', 'better-sqlite3', 'pg', 'mysql2']

describe.each(packages)('$name', (each) => {
  it.each(each.entries)('%s is no larger than its ceiling', async (entry) => {
    const specifier = `${each.name}${entry.slice(1)}`
    const ceiling: unknown = Reflect.get(Object(ceilings), specifier)
    const code = `export * from '${specifier}'`
    const { text } = await bundle(code, {
      home: each.home,
      conditions: ['node'],
      external: OTHERS,
    })
    const sizeBytes = gzipSync(text).length
    process.stdout.write(`${specifier}: ${sizeBytes} B of ${String(ceiling)} B\n`)
    expect(sizeBytes).toBeLessThanOrEqual(Number(ceiling))
  })
})
