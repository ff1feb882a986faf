import { bundle } from '@tidemark/test-setup/bundle'
import { describe, expect, it } from 'vitest'
import { packages } from './support/packages.ts'

/** Entries that touch no platform. */
const PORTABLE = ['.', './testing']

describe.each(packages)('$name, bundled', (each) => {
  const entries = each.entries.filter((entry) => PORTABLE.includes(entry))
  for (const conditions of [['browser'], ['default'], ['worker', 'browser']]) {
    it.each(entries)(`%s for ${conditions.join(' and ')} holds nothing of Node`, async (entry) => {
      const code = `export * from '${each.name}${entry.slice(1)}'`
      const { text, fromNode } = await bundle(code, { home: each.home, conditions })
      expect(text.length).toBeGreaterThan(1000)
      expect(fromNode).toEqual([])
      expect(/["']node:|\bBuffer\b|\bprocess\./.exec(text)?.[0]).toBeUndefined()
    })
  }
})
