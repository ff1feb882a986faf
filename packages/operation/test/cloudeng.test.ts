import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { describe, expect, it } from 'vitest'
import { exportCloudeng, importCloudeng } from '../src/file/index.ts'
import { parseCloudengName } from '../src/file/cloudeng-name.ts'
import { openEagerly } from './support.ts'

function directory(files: Readonly<Record<string, string>>): string {
  const dir = mkdtempSync(join(tmpdir(), 'tidemark-cloudeng-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content)
  return dir
}

const twelve: Record<string, string> = {}
for (let i = 0; i < 12; i++) twelve[`${String(i).padStart(8, '0')}-${i}-of-12.chk`] = `payload ${i}`

describe('the directory of the Go package', () => {
  it('is taken over in order; what is foreign is named; nothing is touched', async () => {
    const dir = directory({ ...twelve, lock: '', 'notes.chk': 'n', 'backup00.chk': 'b' })
    mkdirSync(join(dir, '00000003.chk'))
    const before = readdirSync(dir)
    const op = unwrap(await openEagerly(new MemoryBlobStore()))
    const report = unwrap(await importCloudeng(dir, op))
    const foreign = ['00000003.chk', 'backup00.chk', 'notes.chk']
    expect(report).toEqual({ imported: 12, present: 0, foreign })
    const labels: string[] = []
    for await (const { label } of op.history()) labels.push(label)
    expect(labels).toEqual(Array.from({ length: 12 }, (_, i) => `-${i}-of-12`))
    const latest = unwrap(await op.latest())
    expect(latest?.payload).toEqual(new TextEncoder().encode('payload 11'))
    expect(readdirSync(dir)).toEqual(before)
    expect(unwrap(await importCloudeng(dir, op))).toEqual({ imported: 0, present: 12, foreign })
    await op.close()
  })

  it('is ordered by number, also past eight digits', async () => {
    const dir = directory({
      '100000000.chk': 'last',
      '99999999.chk': 'middle',
      '00000002x.chk': 'first',
    })
    const op = unwrap(await openEagerly(new MemoryBlobStore()))
    unwrap(await importCloudeng(dir, op))
    const order: string[] = []
    for await (const { id } of op.history()) {
      order.push(new TextDecoder().decode(unwrap(await op.loadBytes(id)).payload))
    }
    expect(order).toEqual(['first', 'middle', 'last'])
    await op.close()
  })

  it('goes on after an import that was cut short, and refuses other checkpoints', async () => {
    const dir = directory(twelve)
    const op = unwrap(await openEagerly(new MemoryBlobStore()))
    for (let i = 0; i < 5; i++) {
      unwrap(await op.checkpoint(`-${i}-of-12`, new TextEncoder().encode(`payload ${i}`)))
    }
    expect(unwrap(await importCloudeng(dir, op))).toMatchObject({ imported: 7, present: 5 })
    unwrap(await op.checkpoint('mine', new Uint8Array()))
    expect(await importCloudeng(dir, op)).toMatchObject({ error: { code: 'CONFLICT' } })
    await op.close()
    const missing = await importCloudeng(join(dir, 'nowhere'), op)
    expect(missing).toMatchObject({ error: { code: 'OPEN_FAILED' } })
  })

  it('is written so that an import gives the same again', async () => {
    const op = unwrap(await openEagerly(new MemoryBlobStore()))
    for (const label of ['-a', '', '7up', '\u{1f30a}']) {
      unwrap(await op.checkpoint(label, new TextEncoder().encode(label)))
    }
    const dir = join(directory({}), 'out')
    const { files } = unwrap(await exportCloudeng(op, dir))
    expect(files).toEqual([
      '00000000-a.chk',
      '00000001.chk',
      '000000027up.chk',
      '00000003\u{1f30a}.chk',
    ])
    expect(readFileSync(join(dir, '00000000-a.chk'), 'utf8')).toBe('-a')
    expect(readdirSync(dir).sort()).toEqual([...files].sort())
    const again = unwrap(await openEagerly(new MemoryBlobStore()))
    unwrap(await importCloudeng(dir, again))
    const labels: string[] = []
    for await (const { label } of again.history()) labels.push(label)
    expect(labels).toEqual(['-a', '', '7up', '\u{1f30a}'])
    expect(await exportCloudeng(op, dir)).toMatchObject({ error: { code: 'OPEN_FAILED' } })
    unwrap(await op.checkpoint('../escape', new Uint8Array()))
    const refused = await exportCloudeng(op, join(dir, 'more'))
    expect(refused).toMatchObject({ error: { code: 'INVALID_ARGUMENT' } })
    expect(readdirSync(join(dir, 'more'))).toEqual([])
    await op.close()
    await again.close()
  })

  it('has names that are read strictly', () => {
    expect(parseCloudengName('00000000.chk')).toEqual({ number: 0, label: '' })
    expect(parseCloudengName('000000017up.chk')).toEqual({ number: 1, label: '7up' })
    expect(parseCloudengName('00000001line\nfeed.chk')).toEqual({ number: 1, label: 'line\nfeed' })
    for (const name of ['0000000.chk', 'x0000000.chk', '00000000.chk2', '00000000', 'lock']) {
      expect(parseCloudengName(name)).toBeUndefined()
    }
  })
})
