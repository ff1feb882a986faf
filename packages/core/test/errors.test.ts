import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as source from '../src/index.ts'
import { coreError, errorFromJson, isTidemarkError, match } from '../src/index.ts'
import { temporaryDirectory } from './support/media.ts'

const SEED = Number(process.env['TIDEMARK_SEED'] ?? 1)

type Core = typeof source

function isCore(loaded: object): loaded is Core {
  return 'isTidemarkError' in loaded && 'MemoryStorage' in loaded && 'coreError' in loaded
}

/** The built package once more, under a path of its own: another copy in the same process. */
async function anotherCopy(): Promise<Core> {
  const home = fileURLToPath(new URL('..', import.meta.url))
  // Below `node_modules`, so that the test runner leaves it to Node.
  const copy = join(temporaryDirectory(), 'node_modules/core')
  mkdirSync(copy, { recursive: true })
  cpSync(join(home, 'dist'), join(copy, 'dist'), { recursive: true })
  // As installed: the condition under which this workspace runs from source is not set there.
  const manifest = readFileSync(join(home, 'package.json'), 'utf8')
  writeFileSync(join(copy, 'package.json'), manifest.replace(/"@tidemark\/source": "[^"]*",/g, ''))
  symlinkSync(join(home, 'node_modules'), join(copy, 'node_modules'))
  const url = pathToFileURL(join(copy, 'dist/index.js')).href
  const loaded: unknown = await import(/* @vite-ignore */ url)
  if (typeof loaded !== 'object' || loaded === null || !isCore(loaded)) throw new Error('no core')
  return loaded
}

describe('errors of two copies of core', () => {
  it('are told by either, with code, kind and details', async () => {
    const [one, two] = [await anotherCopy(), await anotherCopy()]
    expect(one.coreError).not.toBe(two.coreError)
    for (const [maker, judge] of [
      [one, two],
      [two, one],
      [one, source],
      [source, one],
    ] as const) {
      const cause = maker.coreError('NO_SPACE', 'full', { operation: 'put' })
      const error = maker.coreError('KEY_NOT_FOUND', 'no', { identifier: 'a', key: 'k' }, cause)
      expect(judge.isTidemarkError(error, 'KEY_NOT_FOUND')).toBe(true)
      expect(judge.isTidemarkError(error, 'CONFLICT')).toBe(false)
      expect(judge.isTidemarkError(error.cause, 'NO_SPACE')).toBe(true)
      const back = judge.errorFromJson(JSON.parse(JSON.stringify(error)))
      expect(back?.toJSON()).toEqual(error.toJSON())
      expect(judge.match(error, { KEY_NOT_FOUND: ({ details }) => details.key })).toBe('k')
    }
  })

  it('and their results, drafts and stores work with each other', async () => {
    const [one, two] = [await anotherCopy(), await anotherCopy()]
    const medium = new one.MemoryBlobStore()
    const storage = two.openStorage(medium)
    two.unwrap(await storage.save('a', { x: 1 }))
    const again = await storage.save('a', { x: 2 })
    expect(again.ok).toBe(false)
    if (!again.ok) expect(one.isTidemarkError(again.error, 'CHECKPOINT_ALREADY_EXISTS')).toBe(true)
    expect(() => one.unwrap(again)).toThrow(/exists/)
    // A closed store below throws errors of one copy through streams of the other.
    await medium.close()
    const listed = async () => {
      for await (const _ of storage.checkpointIdentifiers());
    }
    await expect(listed()).rejects.toMatchObject({ code: 'CLOSED' })
    await storage.close()
  })
})

describe(`errors as JSON (seed ${SEED})`, () => {
  it('come back with their code, message, details and causes', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat({ max: 5 }), (message, key, depth) => {
        let cause: unknown = undefined
        for (let i = 0; i < depth; i++) cause = new Error(`${message} ${i}`, { cause })
        const error = coreError('KEY_NOT_FOUND', message, { identifier: 'a', key }, cause)
        const back = errorFromJson(JSON.parse(JSON.stringify(error)))
        expect(isTidemarkError(back, 'KEY_NOT_FOUND')).toBe(true)
        expect(back?.toJSON()).toEqual(error.toJSON())
        expect(back?.retryable).toBe(error.retryable)
        let [a, b]: unknown[] = [error, back]
        for (let i = 0; i <= depth; i++) {
          expect(a instanceof Error && a.message).toBe(b instanceof Error && b.message)
          a = a instanceof Error ? a.cause : undefined
          b = b instanceof Error ? b.cause : undefined
        }
      }),
      { seed: SEED },
    )
  })

  it('read from anything else are none, and reach no prototype', () => {
    const hostile: unknown = JSON.parse(
      '{"message":"m","code":"CONFLICT","kind":"conflict","details":{"__proto__":{"polluted":1}},"cause":{"__proto__":{"polluted":1},"message":"c"}}',
    )
    expect(isTidemarkError(errorFromJson(hostile), 'CONFLICT')).toBe(true)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const read = errorFromJson(json)
        if (read !== undefined) expect(read).toBeInstanceOf(Error)
      }),
      { seed: SEED, numRuns: 500 },
    )
    const notOurs = { message: 'm', code: 'CONFLICT', kind: 'no-such-kind' }
    expect(errorFromJson(notOurs)).toBeUndefined()
    let deep: unknown = { message: 'deepest' }
    for (let i = 0; i < 10_000; i++) {
      deep = { message: 'm', code: 'CONFLICT', kind: 'conflict', details: {}, cause: deep }
    }
    expect(isTidemarkError(errorFromJson(deep))).toBe(true)
  })

  it('match calls the handler of the code and no inherited one', () => {
    const error = coreError('CONFLICT', 'm', { key: 'a' })
    expect(match(error, { CONFLICT: ({ details }) => details.key })).toBe('a')
  })

  it('messages cannot forge a line or turn the direction of text', async () => {
    const { MemoryStorage } = source
    const storage = new MemoryStorage()
    const nasty = 'a\nERROR: all is lost\r\u001b[31m\u202eevil\u2028'
    const loaded = await storage.loadCheckpoint(nasty)
    expect(loaded.ok).toBe(false)
    const message = loaded.ok ? '' : loaded.error.message
    const isControl = (char: string) => /[\p{Cc}\u2028\u202e]/u.test(char)
    expect(Array.from(message).filter(isControl)).toEqual([])
  })
})
