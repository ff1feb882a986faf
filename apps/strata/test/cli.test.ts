import { ok } from '@tidemark/core'
import { expect, it } from 'vitest'

it('uses the workspace', () => {
  expect(ok(1).ok).toBe(true)
})
