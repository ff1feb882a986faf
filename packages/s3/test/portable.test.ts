import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const SOURCE = join(import.meta.dirname, '../src')

it('the portable entry needs no Node: no node: module, no Buffer, no process, no SDK', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  const own = files.filter((file) => file.endsWith('.ts') && !file.startsWith('aws-sdk'))
  expect(own.length).toBeGreaterThan(20)
  for (const file of own) {
    const code = readFileSync(join(SOURCE, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    expect(code, file).not.toMatch(/node:|\bBuffer\b|\bprocess\.|@aws-sdk|aws-sdk\//)
  }
})
