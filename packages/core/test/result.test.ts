import { describe, expect, it } from 'vitest'
import { coreError, err, errorFromJson, isTidemarkError, ok, unwrap } from '../src/index.ts'

describe('result', () => {
  it('unwraps a value and throws the very error', async () => {
    const error = coreError('KEY_NOT_FOUND', 'no key "a"', { identifier: 'x', key: 'a' })
    expect(unwrap(ok(1))).toBe(1)
    await expect(unwrap(Promise.resolve(err(error)))).rejects.toBe(error)
  })
})

describe('error', () => {
  it('survives JSON with its causes', () => {
    const cause = new Error('disk', { cause: new Error('cable') })
    const error = coreError('IO_FAILED', 'put failed', { operation: 'put' }, cause)
    const back = errorFromJson(JSON.parse(JSON.stringify(error)))
    expect(isTidemarkError(back, 'IO_FAILED')).toBe(true)
    expect(back?.toJSON()).toEqual(error.toJSON())
  })
})
