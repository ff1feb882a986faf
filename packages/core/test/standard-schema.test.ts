import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod/mini'
import { MemoryStorage, unwrap, type StandardSchema } from '../src/index.ts'

interface Place {
  readonly file: string
  readonly offset: number
}

/** One schema, as three libraries spell it. */
const schemas = {
  zod: z.object({ file: z.string(), offset: z.number().check(z.gte(0)) }),
  valibot: v.object({ file: v.string(), offset: v.pipe(v.number(), v.minValue(0)) }),
  arktype: type({ file: 'string', offset: 'number >= 0' }),
} satisfies Record<string, StandardSchema<Place>>

async function saved(value: { file: string; offset: number | string }) {
  const storage = new MemoryStorage()
  unwrap(await storage.save('import', { place: value }))
  return unwrap(await storage.loadCheckpoint('import'))
}

describe.each(Object.entries(schemas))('a schema of %s', (_, schema) => {
  it('gives the value that was saved, with its type', async () => {
    const checkpoint = await saved({ file: 'orders.csv', offset: 42 })
    expect(unwrap(await checkpoint.get('place', schema))).toEqual({
      file: 'orders.csv',
      offset: 42,
    })
    await checkpoint.close()
  })

  it.each([-1, 'far'])('refuses an offset of %s, and says where', async (offset) => {
    const checkpoint = await saved({ file: 'orders.csv', offset })
    const refused = await checkpoint.get('place', schema)
    expect(refused).toMatchObject({ ok: false, error: { code: 'SCHEMA_MISMATCH' } })
    expect(JSON.stringify(refused)).toContain('offset')
    expect(JSON.stringify(refused)).not.toContain('orders.csv')
    await checkpoint.close()
  })
})

it('the type of what is read is the type of the schema', async () => {
  const checkpoint = await saved({ file: 'orders.csv', offset: 42 })
  const fromZod = unwrap(await checkpoint.get('place', schemas.zod))
  const fromValibot = unwrap(await checkpoint.get('place', schemas.valibot))
  const fromArktype = unwrap(await checkpoint.get('place', schemas.arktype))
  expectTypeOf(fromZod).toEqualTypeOf<{ file: string; offset: number }>()
  expectTypeOf(fromValibot).toEqualTypeOf<{ file: string; offset: number }>()
  expectTypeOf(fromArktype).toEqualTypeOf<{ file: string; offset: number }>()
  await checkpoint.close()
})
