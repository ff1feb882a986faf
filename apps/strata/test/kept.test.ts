import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MemoryBlobStore, openStorage, unwrap } from '@tidemark/core'
import { checksum, compress, encrypt, hmac, keyRing, stack, type Layer } from '@tidemark/wrappers'
import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { LAYERS, refuserOf } from '../src/kept/refusal.ts'
import { flipByte, flipped, forge, recordOf, renamed, snapshot } from './support/attacker.ts'
import { CLEAN, git, madeRepository } from './support/git.ts'
import { scratch } from './support/scratch.ts'
import { inProcess, jsonIn, type Ended } from './support/strata.ts'

const MAIN = 'report/refs/heads/main'
const SIDE = 'report/refs/heads/side'

/** A repository whose report is kept, and the store that an attacker can write. */
interface Setting {
  readonly path: string
  readonly store: string
  readonly strata: (args: readonly string[], key?: string) => Promise<Ended>
}

async function setting(): Promise<Setting> {
  const path = await madeRepository(40)
  const store = join(await scratch(), 'store')
  const strata = (args: readonly string[], key?: string): Promise<Ended> => {
    const [command = '', ...rest] = args
    const place = command === 'settings' ? ['--repository', path] : [path]
    const environment = key === undefined ? CLEAN : { ...CLEAN, STRATA_KEY: key }
    return inProcess([command, ...rest, ...place, '--store', store], environment)
  }
  return { path, store, strata }
}

async function ran(): Promise<Setting> {
  const made = await setting()
  expect((await made.strata(['run'])).code).toBe(0)
  return made
}

/** Who refused, and with which code. */
function refusal(ended: Ended): unknown {
  const { code, details } = jsonIn(ended).error ?? {}
  return [ended.code, code, Reflect.get(details ?? {}, 'refusedBy')]
}

describe('the saved report', () => {
  it('is what the run told, in both forms', async () => {
    const { strata } = await setting()
    const run = await strata(['run', '--json'])
    expect((await strata(['report', '--json'])).stdout).toBe(run.stdout)
    const again = await strata(['run'])
    const shown = await strata(['report'])
    expect(shown.code).toBe(0)
    expect(shown.lines[0]).toMatch(/^ {2}main, as of the run of [0-9-]{10} [0-9:]{5} UTC$/u)
    expect(shown.lines.slice(1)).toEqual(again.lines.slice(1))
  })

  it('is shown where there is no history at all, to who has the key', async () => {
    const { store, strata } = await setting()
    const key = 'ab'.repeat(32)
    const run = await strata(['run', '--json'], key)
    const bare = join(await scratch(), 'bare')
    await cp(join(store, 'kept'), join(bare, 'kept'), { recursive: true })
    await mkdir(join(bare, 'sealed'))
    const args = ['report', bare, '--branch', 'main', '--json']
    expect((await inProcess(args, { ...CLEAN, STRATA_KEY: key })).stdout).toBe(run.stdout)
    const without = await inProcess(args)
    expect([without.code, jsonIn(without).error?.code]).toEqual([7, 'KEY_UNUSABLE'])
  })

  it('is one for each branch', async () => {
    const { path, strata } = await ran()
    git(path, ['branch', 'side', 'HEAD~5'])
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/side'])
    await strata(['run', '--fresh'])
    const positions = await Promise.all(
      ['main', 'side'].map(async (branch) => {
        return jsonIn(await strata(['report', '--json', '--branch', branch])).position
      }),
    )
    expect(positions).toEqual([40, 35])
    expect((await strata(['report', '--branch', 'none'])).code).toBe(1)
  })

  it('cannot be read in the store', async () => {
    const { store } = await ran()
    const bytes = await readFile(recordOf(store, MAIN))
    expect(bytes.toString('latin1')).not.toContain('digest at')
    const header: unknown = JSON.parse(await readFile(join(store, 'kept/storage.json'), 'utf8'))
    const ids = ['gzip', 'aes-256-gcm', 'sha-256', 'hmac-sha-256']
    // The order in which the page shows them.
    expect([...LAYERS.keys()]).toEqual(ids)
    expect(header).toMatchObject({ layers: ids.map((id) => ({ id, version: 1 })) })
  })
})

/** Somebody changes the store after two runs; `old` puts back what was kept after the first. */
type Attack = (store: string, old: () => Promise<void>) => Promise<void>

const ATTACKS: readonly (readonly [string, string, string, Attack])[] = [
  ['a byte is flipped', 'CORRUPTED', 'storage', (store) => flipByte(recordOf(store, MAIN, 2), 40)],
  [
    'a byte is flipped with care',
    'AUTHENTICATION_FAILED',
    'hmac',
    (store) => forge(recordOf(store, MAIN, 2), flipped(1)),
  ],
  [
    'two reports are swapped',
    'CORRUPTED',
    'storage',
    async (store) => {
      await rename(recordOf(store, MAIN, 2), join(store, 'aside'))
      await rename(recordOf(store, SIDE, 2), recordOf(store, MAIN, 2))
      await rename(join(store, 'aside'), recordOf(store, SIDE, 2))
    },
  ],
  [
    'two reports are swapped with care',
    'AUTHENTICATION_FAILED',
    'hmac',
    (store) => forge(recordOf(store, MAIN, 2), renamed(SIDE, MAIN), recordOf(store, SIDE, 2)),
  ],
  ['an old one is put back', 'ROLLBACK_DETECTED', 'hmac', (_, old) => old()],
  [
    'it is deleted',
    'ROLLBACK_DETECTED',
    'hmac',
    (store) => rm(join(store, 'kept'), { recursive: true }),
  ],
  [
    'a removal is forged',
    'ROLLBACK_DETECTED',
    'hmac',
    (store) => forge(recordOf(store, MAIN, 3), () => new Uint8Array(), recordOf(store, MAIN, 2), 3),
  ],
  [
    'storage.json is deleted',
    'AUTHENTICATION_FAILED',
    'hmac',
    (store) => rm(join(store, 'kept/storage.json')),
  ],
]

describe('a report that somebody changed is refused, by name, and a run saves it anew', () => {
  it.each(ATTACKS)('%s: %s by %s', async (_, code, refusedBy, attack) => {
    const { path, store, strata } = await ran()
    git(path, ['branch', 'side'])
    const both = async (): Promise<void> => {
      for (const branch of ['side', 'main']) {
        git(path, ['symbolic-ref', 'HEAD', `refs/heads/${branch}`])
        await strata(['run'])
      }
    }
    git(path, ['symbolic-ref', 'HEAD', 'refs/heads/side'])
    await strata(['run'])
    const old = await snapshot(store)
    await both()
    await attack(store, old)

    expect(refusal(await strata(['report', '--json']))).toEqual([7, code, refusedBy])
    const told = await strata(['report'])
    expect(told.stdout).toBe('')
    expect(told.stderr).toContain(`refused by ${refusedBy} (${code})`)
    expect(told.stderr).toContain('`strata run` saves it anew')
    const anew = await strata(['run', '--json'])
    expect(anew.code).toBe(0)
    expect((await strata(['report', '--json'])).stdout).toBe(anew.stdout)
  })

  it('is not opened through other layers, and nothing is changed', async () => {
    const { store, strata } = await ran()
    const path = join(store, 'kept/storage.json')
    const text = await readFile(path, 'utf8')
    await writeFile(
      path,
      text.replace('{"id":"hmac-sha-256","version":1}', '').replace('},]', '}]'),
    )
    const refused = await strata(['report', '--json'])
    expect(refusal(refused)).toEqual([7, 'STACK_MISMATCH', 'stack'])
    expect(refusal(await strata(['run', '--json']))).toEqual([7, 'STACK_MISMATCH', 'stack'])
    await writeFile(path, text)
    expect((await strata(['report'])).code).toBe(0)
  })

  it('is told from one of another key', async () => {
    const { strata } = await ran()
    const refused = await strata(['report', '--json'], 'cd'.repeat(32))
    expect(refusal(refused)).toEqual([7, 'UNKNOWN_KEY', 'hmac'])
    expect((await strata(['report'], 'cd'.repeat(32))).stderr).toContain('Set STRATA_KEY to')
  })

  it('knows an old one by its digest when their numbers are the same', async () => {
    const { store, strata } = await ran()
    const first = await snapshot(store)
    await strata(['run'])
    const second = await readFile(recordOf(store, MAIN, 2))
    await first()
    // Saved over the old one: the number 2 a second time.
    await strata(['run'])
    expect((await strata(['report'])).code).toBe(0)
    await writeFile(recordOf(store, MAIN, 2), second)
    const refused = await strata(['report', '--json'])
    expect(refusal(refused)).toEqual([7, 'ROLLBACK_DETECTED', 'hmac'])
  })
})

describe('the settings', () => {
  it('are honoured by a run, unless its command line says otherwise', async () => {
    const { strata } = await setting()
    expect(JSON.parse((await strata(['settings', '--json'])).stdout)).toEqual({
      strata: 2,
      every: 500,
      limit: 10,
    })
    await strata(['settings', 'every', '15'])
    await strata(['settings', 'limit', '2'])
    const run = await strata(['run', '--json'])
    expect(savedAt(run)).toEqual([15, 30, 40])
    expect(Reflect.get(jsonIn(run), 'hotspots')).toHaveLength(2)
    const other = await strata(['run', '--json', '--fresh', '--every', '25'])
    expect(savedAt(other)).toEqual([25, 40])
    expect(jsonIn(other).digest).toBe(jsonIn(run).digest)
    expect((await strata(['settings', 'every'])).stdout).toBe('  every  15\n')
    expect((await strata(['settings', '--reset'])).stdout).toContain('every  500  (the default)')
  })

  it.each([
    [['every', '0'], 'a whole number from 1 to 1000000'],
    [['limit', '101'], 'a whole number from 1 to 100'],
    [['colour'], 'there are every, limit'],
    [['__proto__', '1'], 'there are every, limit'],
  ])('%j is not understood: exit code 2', async (args, form) => {
    const { store, strata } = await setting()
    const ended = await strata(['settings', ...args])
    expect([ended.code, ended.stdout]).toEqual([2, ''])
    expect(ended.stderr).toContain(form)
    await expect(stat(store)).rejects.toThrow('ENOENT')
  })

  it('make nothing when they are only looked at', async () => {
    const { store, path, strata } = await setting()
    expect((await strata(['settings'])).code).toBe(0)
    await expect(stat(store)).rejects.toThrow('ENOENT')
    expect(await readdir(path)).not.toContain('strata')
  })

  it.each([
    [
      'changed',
      'AUTHENTICATION_FAILED',
      (store: string) => forge(recordOf(store, 'settings', 2), flipped(1)),
    ],
    ['put back', 'ROLLBACK_DETECTED', (store: string) => rm(recordOf(store, 'settings', 2))],
    [
      'deleted',
      'ROLLBACK_DETECTED',
      (store: string) => rm(join(store, 'kept'), { recursive: true }),
    ],
  ])('that were %s end a run before it begins, until they are reset', async (_, code, attack) => {
    const { store, strata } = await setting()
    await strata(['settings', 'every', '10'])
    await strata(['settings', 'every', '20'])
    await attack(store)
    const refused = await strata(['run', '--json'])
    expect(refusal(refused)).toEqual([7, code, 'hmac'])
    expect(refused.stderr).toBe('')
    expect(await readdir(store)).not.toContain('place')
    expect((await strata(['settings'])).stderr).toContain('`strata settings --reset`')
    expect((await strata(['settings', 'every', '30'])).code).toBe(7)
    expect((await strata(['settings', '--reset'])).code).toBe(0)
    expect((await strata(['run'])).code).toBe(0)
  })
})

describe('the key', () => {
  it('is made for its owner alone, stays in the git directory, and is told to nobody', async () => {
    const { path, store, strata } = await setting()
    const run = await strata(['run', '--json'])
    const file = join(path, 'strata/local/key')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    const key = (await readFile(file, 'utf8')).trim()
    expect(key).toMatch(/^[0-9a-f]{64}$/u)
    expect(await readdir(join(path, 'strata/local'))).toEqual(['key', 'known'])
    expect(run.stdout + run.stderr).not.toContain(key)
    expect(await readdir(store)).not.toContain('local')
  })

  it('is not used when others can read it, or when it is none', async () => {
    const { path, strata } = await ran()
    const file = join(path, 'strata/local/key')
    await chmod(file, 0o644)
    const exposed = await strata(['report', '--json'])
    expect([exposed.code, jsonIn(exposed).error?.details]).toMatchObject([7, { reason: 'exposed' }])
    await chmod(file, 0o600)
    await writeFile(file, 'not a key')
    const none = await strata(['run', '--json'])
    expect([none.code, jsonIn(none).error?.details]).toMatchObject([7, { reason: 'form' }])
    const given = await strata(['report', '--json'], 'a secret that is too short')
    expect(given.code).toBe(7)
    expect(given.stdout + given.stderr).not.toContain('a secret')
  })

  it('of a store itself is not believed', async () => {
    const { path, store } = await ran()
    await cp(join(path, 'strata/local'), join(store, 'local'), { recursive: true })
    const ended = await inProcess(['report', store, '--branch', 'main', '--json'])
    expect([ended.code, jsonIn(ended).error?.code]).toEqual([7, 'KEY_UNUSABLE'])
  })

  it('has no place where the git directory cannot be written: the run says so, and goes on', async () => {
    const { path, store, strata } = await setting()
    await mkdir(join(path, 'strata'))
    await writeFile(join(path, 'strata/local'), 'in the way')
    const run = await strata(['run'])
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('the report is not saved: ')
    expect(await readdir(store)).not.toContain('kept')
  })
})

describe('each layer is named when it is the one that refuses', () => {
  const ring = unwrap(keyRing({ active: { id: 'k', secret: new Uint8Array(32) } }))
  it.each<[string, Layer]>([
    ['compress', compress()],
    ['encrypt', encrypt(ring)],
    ['checksum', checksum()],
    ['hmac', hmac(ring)],
  ])('%s', async (name, layer) => {
    const store = new MemoryBlobStore()
    const storage = unwrap(await stack(openStorage(store, { guard: false }), layer))
    unwrap(await storage.save('x', { value: Array.from({ length: 500 }, (_, i) => i).join() }))
    const dir = join(await scratch(), 'x')
    const blob = unwrap(await store.get('log/n-x.r1'))
    await writeFile(dir, unwrap((await blob?.bytes()) ?? expect.unreachable()))
    await forge(dir, flipped(6))
    unwrap(await store.put('log/n-x.r1', await readFile(dir)))
    const loaded = await openAgain(store, layer)
    expect(refuserOf(loaded)).toBe(name)
  })
})

async function openAgain(
  store: MemoryBlobStore,
  layer: Layer,
): Promise<Parameters<typeof refuserOf>[0]> {
  const storage = unwrap(await stack(openStorage(store, { guard: false }), layer))
  const loaded = await storage.loadCheckpoint('x')
  if (!loaded.ok) return loaded.error
  const value = await loaded.value.get('value')
  return value.ok ? expect.unreachable('it was not refused') : value.error
}

/** The positions at which a run saved its place. */
function savedAt({ stderr }: Ended): number[] {
  return stderr.split('\n').flatMap((line) => {
    const { kind, position } = SAVED.parse(line === '' ? {} : JSON.parse(line))
    return kind === 'saved' && position !== undefined ? [position] : []
  })
}

const SAVED = z.object({ kind: z.optional(z.string()), position: z.optional(z.number()) })
