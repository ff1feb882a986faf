import { join } from 'node:path'
import { text, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { copyOf, filesIn, madeAnew, removeCopies } from '@tidemark/golden'
import { afterAll, expect, it } from 'vitest'
import { listOperations, openOperation, runOperation } from '../src/index.ts'
import type { PlainValue } from '../src/value/encode-value.ts'

const golden = join(import.meta.dirname, 'golden')
afterAll(removeCopies)

const openCopy = async (): Promise<FileBlobStore> =>
  unwrap(await FileBlobStore.open(copyOf(join(golden, 'v1'))))

it('reads the checkpoints that version 1 wrote: kept, staged, of a codec', async () => {
  const store = await openCopy()
  const names: string[] = []
  for await (const name of listOperations(store)) names.push(name)
  expect(names.sort()).toEqual(['again', 'crawl', 'done', 'folded', 'import/Ä'])

  const op = unwrap(await openOperation<PlainValue>({ store, name: 'import/Ä', mode: 'read' }))
  const history: unknown[] = []
  for await (const ref of op.history({ limit: 4 })) {
    const { label, seq, at, payload } = unwrap(await op.load(ref.id))
    history.push([label, seq, at.getTime(), payload])
  }
  expect(history).toEqual([
    ['page 1', 0, 1_700_000_000_000, { page: 1, offset: 4096 }],
    ['page 3', 2, 1_700_000_000_000, { page: 3, offset: 12_288 }],
    ['bytes', 3, 1_700_000_000_000, new Uint8Array([0, 255])],
    ['staged', 4, 1_700_000_000_000, new Uint8Array(5000).fill(7)],
  ])
  await op.close()
  const ofCodec = unwrap(
    await openOperation<string>({ store, name: 'import/Ä', mode: 'read', codec: text, version: 2 }),
  )
  expect(unwrap(await ofCodec.latest())?.payload).toBe('Ärger')
  await ofCodec.close()
  await store.close()
})

it('goes on with the steps that version 1 wrote: none of them runs again', async () => {
  const store = await openCopy()
  const ran: string[] = []
  const crawled = await runOperation({ store, name: 'crawl' }, async (ctx) => {
    const large = await ctx.step('large', () => (ran.push('large'), ''))
    const read = { key: (each: string) => each }
    return {
      list: await ctx.step('list', () => (ran.push('list'), [''])),
      nothing: (await ctx.step('nothing', () => void ran.push('nothing'))) === undefined,
      large: large === 'x'.repeat(3000),
      read: await ctx.map('read', ['a', 'bc'], read, (each) => (ran.push(each), 0)),
      flaky: await ctx.step('flaky', () => (ran.push('flaky'), '')),
    }
  })
  const expected = { list: ['a', 'b'], nothing: true, large: true, read: [1, 2] }
  expect(unwrap(crawled)).toEqual({ ...expected, flaky: 'at last' })
  const sum = await runOperation({ store, name: 'folded' }, async (ctx) => {
    let total = 0
    for (let n = 0; n < 300; n++) total += await ctx.step(`s${n}`, () => (ran.push(`${n}`), 0))
    return total
  })
  expect(unwrap(sum)).toBe((299 * 300) / 2)
  expect(ran).toEqual([])
  await store.close()
})

it('knows what version 1 completed, and what it began anew', async () => {
  const store = await openCopy()
  const done = unwrap(await openOperation<PlainValue>({ store, name: 'done' }))
  const { state, result, completedAt } = unwrap(await done.status())
  expect([state, result]).toEqual(['completed', { files: 3, none: null }])
  expect(completedAt?.getTime()).toBe(1_700_000_000_000)
  await done.close()
  const again = unwrap(await openOperation<PlainValue>({ store, name: 'again' }))
  const labels: string[] = []
  for await (const { label, seq } of again.history()) labels.push(`${seq} ${label}`)
  expect(labels).toEqual(['0 of this one'])
  expect(unwrap(await again.checkpoint('next', 1)).seq).toBe(1)
  await again.close()
  await store.close()
})

it('writes today, byte for byte, what version 1 wrote', () => {
  const made = filesIn(madeAnew(join(golden, 'make.mjs')))
  expect(made).toEqual(filesIn(join(golden, 'v1')))
})
