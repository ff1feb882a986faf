import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** A template is read in one go; a longer one is two ideas. */
const MAX_LINES = { 'sqlite-blobs.ts': 99, 'brotli-layer.ts': 59 }

/** What the documents show, whole. */
const SHOWN = [
  ['../../docs/WRITE-A-MEDIUM.md', 'sqlite-blobs.ts'],
  ['../../docs/WRITE-A-MEDIUM.md', 'test/sqlite-blobs.test.ts'],
  ['../../packages/wrappers/README.md', 'brotli-layer.ts'],
] as const

describe('the templates', () => {
  it.each(Object.entries(MAX_LINES))('%s has at most %i lines', (file, maximum) => {
    expect(read(file).trimEnd().split('\n').length).toBeLessThanOrEqual(maximum)
  })

  it.each(SHOWN)('%s shows %s as it is', (document, file) => {
    const blocks = [...read(document).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
    expect(blocks).toContain(read(file))
  })
})
