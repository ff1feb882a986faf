import { symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  isTidemarkError,
  MemoryBlobStore,
  ok,
  openStorage,
  unwrap,
  type BlobStore,
  type Codec,
  type JsonObject,
  type LoadOptions,
  type TypedStorage,
} from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { describe, expect, it } from 'vitest'
import { checksum, compress, encrypt, hmac, keyRing, stack, type Layer } from '../src/index.ts'
import {
  bytesOf,
  entryOf,
  give,
  giveFrame,
  objectOf,
  putBack,
  reversed,
  snapshot,
  take,
  type Taken,
} from './support/attacker.ts'
import { inOrder, key, ringOf, temporaryDirectory } from './support/media.ts'

// Each test plays somebody who can read and write everything on the medium, knows every format,
// and has no key. Rows are those of the attack table in docs/formats/layers.md.

const ring = ringOf()
const FORGED = 'AUTHENTICATION_FAILED'

/** A stack, and the medium that it lies on. */
interface Setting {
  readonly layers: () => readonly Layer[]
  readonly medium: () => Promise<BlobStore>
}

async function inMemory(): Promise<BlobStore> {
  return new MemoryBlobStore()
}

async function onFiles(): Promise<BlobStore> {
  return unwrap(await FileBlobStore.open(temporaryDirectory()))
}

const SEALED: Setting = { layers: () => [hmac(ring)], medium: inMemory }
const ALL = (): readonly Layer[] => [compress(), encrypt(ring), checksum(), hmac(ring)]

const SETTINGS: Readonly<Record<string, Setting>> = {
  hmac: SEALED,
  encrypt: { layers: () => [encrypt(ring)], medium: inMemory },
  'encrypt and hmac': { layers: () => [encrypt(ring), hmac(ring)], medium: inMemory },
  'all four, on files': { layers: ALL, medium: onFiles },
}

const REPLACE = { ifExists: 'replace' } as const

/** Larger than a record takes: three chunks when encrypted. */
const LARGE = noise(3 * 65_536)

/** Bytes that nothing compresses, the same every time. */
function noise(length: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647
    return state >> 8
  })
}

async function open(store: BlobStore, layers: readonly Layer[]): Promise<TypedStorage> {
  return unwrap(await stack(openStorage(store, { guard: false, keepLast: 9 }), ...inOrder(layers)))
}

/** What reading every value of a checkpoint comes to: `ok`, or the code of the first refusal. */
async function outcome(
  storage: TypedStorage,
  identifier: string,
  options: LoadOptions = {},
): Promise<string> {
  const loaded = await storage.loadCheckpoint(identifier, options)
  if (!loaded.ok) return loaded.error.code
  for (const name of loaded.value.keys()) {
    const bytes = await loaded.value.getBytes(name)
    if (!bytes.ok) return bytes.error.code
  }
  return 'ok'
}

/** Two checkpoints, one of them twice, on a medium of its own. */
async function scene({ layers: make, medium }: Setting, on?: BlobStore) {
  const [layers, store] = [make(), on ?? (await medium())]
  const storage = await open(store, layers)
  const metadata = { by: 'owner' }
  unwrap(await storage.save('one', { a: 1, b: 2, big: LARGE }, { ...REPLACE, metadata }))
  unwrap(await storage.save('one', { a: 3, b: 4, big: reversed(LARGE) }, { ...REPLACE, metadata }))
  unwrap(await storage.save('two', { a: 5, b: 6, big: LARGE }, REPLACE))
  return { store, storage: await open(store, layers), reopen: () => open(store, layers) }
}

/** Changes the newest commit of `one`, with care and without. */
async function forge(setting: Setting, change: (taken: Taken) => void): Promise<string[]> {
  const outcomes: string[] = []
  for (const isCareless of [false, true]) {
    const { store, reopen } = await scene(setting)
    const taken = await take(store, 'one', 2)
    change(taken)
    await give(store, 'one', 2, taken, { isCareless })
    outcomes.push(await outcome(await reopen(), 'one'))
  }
  return [...new Set(outcomes)]
}

function swap(a: { bytes: Uint8Array; attached: JsonObject }, b: typeof a): void {
  const { bytes, attached } = a
  Object.assign(a, { bytes: b.bytes, attached: b.attached })
  Object.assign(b, { bytes, attached })
}

describe.each(Object.entries(SETTINGS))('with %s', (_, setting) => {
  it('what the attacker takes apart and puts together unchanged is accepted', async () => {
    expect(await forge(setting, () => undefined)).toEqual(['ok'])
  })

  it('row 1: a changed bit of any value is refused', async () => {
    for (const name of ['a', 'big']) {
      for (const place of [0, 0.5, 1]) {
        const forged = await forge(setting, (taken) => {
          const { bytes } = entryOf(taken, name)
          const at = Math.floor(place * (bytes.length - 1))
          bytes[at] = (bytes[at] ?? 0) ^ 1
        })
        expect(forged).toEqual([FORGED])
      }
    }
  })

  it('row 2: two entries swapped are refused, with or without what is attached', async () => {
    const all = (taken: Taken): void => swap(entryOf(taken, 'a'), entryOf(taken, 'b'))
    expect(await forge(setting, all)).toEqual([FORGED])
    const bytesOnly = (taken: Taken): void => {
      const [a, b] = [entryOf(taken, 'a'), entryOf(taken, 'b')]
      ;[a.bytes, b.bytes] = [b.bytes, a.bytes]
    }
    expect(await forge(setting, bytesOnly)).toEqual([FORGED])
  })

  it('rows 3 and 12: an entry of another checkpoint, or generation, is refused', async () => {
    for (const [from, seq] of [
      ['two', 1],
      ['one', 1],
    ] as const) {
      for (const name of ['a', 'big']) {
        for (const withAttached of [true, false]) {
          const { store, reopen } = await scene(setting)
          const [source, target] = [await take(store, from, seq), await take(store, 'one', 2)]
          const theirs = entryOf(source, name)
          Object.assign(entryOf(target, name), withAttached ? theirs : { bytes: theirs.bytes })
          await give(store, 'one', 2, target)
          expect(await outcome(await reopen(), 'one')).toBe(FORGED)
        }
      }
    }
  })

  it('row 4: a whole checkpoint under another identifier is refused', async () => {
    const { store, reopen } = await scene(setting)
    const taken = await take(store, 'two', 1)
    taken.manifest['identifier'] = 'new'
    await give(store, 'new', 1, taken)
    expect(await outcome(await reopen(), 'new')).toBe(FORGED)
  })

  it('row 5: a checkpoint of another place with the same key is refused', async () => {
    const [here, there] = [await scene(setting), await scene(setting)]
    const [theirs, ours] = [await take(there.store, 'one', 2), await take(here.store, 'one', 2)]
    await give(here.store, 'one', 2, theirs)
    expect(await outcome(await here.reopen(), 'one')).toBe(FORGED)
    theirs.attachment['place'] = ours.attachment['place'] ?? ''
    await give(here.store, 'one', 2, theirs)
    expect(await outcome(await here.reopen(), 'one')).toBe(FORGED)
  })

  it('row 6: an older state put back is refused by minGeneration', async () => {
    const { store, storage, reopen } = await scene(setting)
    const before = await snapshot(store)
    const saved = unwrap(await storage.save('one', { a: 9 }, REPLACE))
    await putBack(store, before)
    const later = await reopen()
    const load = await later.loadCheckpoint('one', { minGeneration: saved.generation })
    expect(load.ok ? 'ok' : load.error.code).toBe('ROLLBACK_DETECTED')
    expect(unwrap(await later.loadCheckpoint('one')).generation).toBe(2)
  })

  it('row 6: an older state under a newer number is refused', async () => {
    const { store, reopen } = await scene(setting)
    await give(store, 'one', 3, await take(store, 'one', 1))
    expect(await outcome(await reopen(), 'one')).toBe(FORGED)
  })

  it('rows 7 and 8: an entry taken away, added or renamed is refused', async () => {
    const away = (taken: Taken): void => void taken.entries.shift()
    expect(await forge(setting, away)).toEqual([FORGED])
    const copied = (taken: Taken): void => {
      taken.entries.push({ ...entryOf(taken, 'a'), key: 'c' })
    }
    expect(await forge(setting, copied)).toEqual([FORGED])
    const renamed = (taken: Taken): void => void (entryOf(taken, 'b').key = 'bb')
    expect(await forge(setting, renamed)).toEqual([FORGED])
  })

  it('what else a checkpoint says cannot be changed: codec, sizes, metadata, times', async () => {
    const changes: ((taken: Taken) => void)[] = [
      (taken) => void (entryOf(taken, 'a').codec = 'text'),
      (taken) => void (entryOf(taken, 'a').attached['size'] = 2),
      (taken) => void (taken.manifest['metadata'] = { by: 'attacker' }),
      (taken) => void (taken.manifest['committedAtMs'] = 1),
      (taken) => void (taken.manifest['born'] = 2),
      (taken) => void (taken.manifest['born'] = 2 ** 53 - 1),
      (taken) => void (taken.attachment['previous'] = '00'.repeat(32)),
      (taken) => void (taken.attachment['place'] = '00'.repeat(16)),
      (taken) => void (taken.attachment['seals'] = {}),
    ]
    for (const change of changes) {
      expect(await forge(setting, change)).toEqual([FORGED])
      const { store, reopen } = await scene(setting)
      const taken = await take(store, 'one', 2)
      change(taken)
      await give(store, 'one', 2, taken)
      const loaded = await (await reopen()).loadCheckpoint('one')
      expect(loaded.ok ? 'loaded' : loaded.error.code).toBe(FORGED)
    }
  })

  it('row 10: a value cut anywhere, also where a chunk ends, is refused', async () => {
    for (const left of [0, 1, 65_536, 65_552, 2 * 65_536, 2 * 65_552, 3 * 65_536 - 1]) {
      for (const isSizeCut of [false, true]) {
        const forged = await forge(setting, (taken) => {
          const big = entryOf(taken, 'big')
          big.bytes = big.bytes.slice(0, left)
          if (isSizeCut) big.attached['size'] = left
        })
        expect(forged).toEqual([FORGED])
      }
    }
  })

  it('row 11: chunks reordered, repeated, appended or dropped are refused', async () => {
    const chunk = (bytes: Uint8Array, i: number): Uint8Array =>
      bytes.slice(i * 65_552, (i + 1) * 65_552)
    const orders = [[1, 0, 2], [0, 0, 1, 2], [0, 1, 1], [0, 1, 2, 2], [1, 2], [0, 2], [2]]
    for (const order of orders) {
      const forged = await forge(setting, (taken) => {
        const big = entryOf(taken, 'big')
        big.bytes = Uint8Array.from(order.flatMap((i) => [...chunk(big.bytes, i)]))
      })
      expect(forged).toEqual([FORGED])
    }
  })

  it('row 13: a checkpoint without its protection is refused', async () => {
    const { store, reopen } = await scene(setting)
    const taken = await take(store, 'one', 2)
    await give(store, 'one', 2, { ...taken, attachment: {} })
    expect(await outcome(await reopen(), 'one')).toBe('STACK_MISMATCH')
    const weaker = { ...taken.attachment, layers: [{ id: 'gzip', version: 1 }] }
    await give(store, 'one', 2, { ...taken, attachment: weaker })
    expect(await outcome(await reopen(), 'one')).toBe('STACK_MISMATCH')
  })

  it('row 14: a shortened, emptied or foreign tag, and another key, are refused', async () => {
    const other = { active: key('k1', 1), decryptOnly: [key('k0', 0)] }
    const retag = (change: (tag: string) => JsonObject) => (taken: Taken) => {
      const seals = objectOf(taken.attachment['seals'])
      for (const id of Object.keys(seals)) {
        const { key: name, tag, ...rest } = objectOf(seals[id])
        if (typeof tag === 'string') seals[id] = { ...rest, key: name ?? '', ...change(tag) }
      }
      taken.attachment['seals'] = seals
    }
    for (const length of [0, 2, 31, 32, 62]) {
      const cut = retag((tag) => ({ tag: tag.slice(0, length) }))
      expect(await forge(setting, cut)).toEqual([FORGED])
    }
    expect(
      await forge(
        setting,
        retag(() => ({ tag: 7 })),
      ),
    ).toEqual([FORGED])
    expect(
      await forge(
        setting,
        retag((tag) => ({ tag: `${tag}00` })),
      ),
    ).toEqual([FORGED])
    expect(
      await forge(
        setting,
        retag((tag) => ({ tag, key: 'k9' })),
      ),
    ).toEqual(['UNKNOWN_KEY'])
    const two = unwrap(keyRing(other))
    const both = setting
      .layers()
      .map(({ kind }) =>
        [compress(), encrypt(two), checksum(), hmac(two)].find((one) => one.kind === kind),
      )
    const usable = both.filter((one) => one !== undefined)
    expect(
      await forge(
        { ...setting, layers: () => usable },
        retag((tag) => ({ tag, key: 'k0' })),
      ),
    ).toEqual([FORGED])
  })

  it('row 16: nothing is decoded before the seal is verified', async () => {
    const { store } = await scene(setting)
    const storage = await open(store, setting.layers())
    let decoded = 0
    const counting: Codec<string> = {
      id: 'counting',
      encode: () => ok(new Uint8Array([1])),
      decode: () => ok(String((decoded += 1))),
    }
    const draft = unwrap(await storage.createCheckpoint('coded'))
    unwrap(await draft.put('x', 'x', { codec: counting }))
    unwrap(await draft.put('y', 'y', { codec: counting }))
    await unwrap(await draft.commit()).close()
    const taken = await take(store, 'coded', 1)
    entryOf(taken, 'y').bytes.fill(9)
    await give(store, 'coded', 1, taken)
    const loaded = await (await open(store, setting.layers())).loadCheckpoint('coded')
    const got = loaded.ok ? await loaded.value.get('y', undefined, { codec: counting }) : loaded
    expect(got.ok ? 'ok' : got.error.code).toBe(FORGED)
    expect(decoded).toBe(0)
  })

  it('row 17: a link planted in the place of a blob is refused or ignored, never followed', async () => {
    const directory = temporaryDirectory()
    const store = unwrap(await FileBlobStore.open(directory))
    const { reopen } = await scene(setting, store)
    const blob = (await keysBelow(store, 'blob/n-one/')).at(-1) ?? ''
    for (const name of ['log/n-one.r2', blob]) {
      const bytes = await bytesOf(store, name)
      const outside = join(temporaryDirectory(), 'outside')
      writeFileSync(outside, bytes)
      unlinkSync(join(directory, name))
      symlinkSync(outside, join(directory, name))
      // A record that cannot be seen is a state put back: the caller knows of a newer one.
      const found = await outcome(await reopen(), 'one', { minGeneration: 2 })
      expect(['IO_FAILED', 'CORRUPTED', 'ROLLBACK_DETECTED']).toContain(found)
      unlinkSync(join(directory, name))
      unwrap(await store.put(name, bytes))
    }
    symlinkSync('/etc', join(directory, 'log', 'n-etc.r1'))
    symlinkSync('/etc/passwd', join(directory, 'log', 'odd'))
    expect(await outcome(await reopen(), 'one')).toBe('ok')
    await store.close()
  })
})

async function keysBelow(store: BlobStore, prefix: string): Promise<string[]> {
  const keys: string[] = []
  for await (const info of store.list({ prefix })) keys.push(info.key)
  return keys
}

it('row 5: a whole place put in another’s is refused when the layers say whose it is', async () => {
  for (const layer of [hmac, encrypt]) {
    const store = new MemoryBlobStore()
    const theirs = unwrap(
      await stack(openStorage(store), ...inOrder([layer(ring, { namespace: 'tenant-a' })])),
    )
    unwrap(await theirs.save('one', { a: 1 }))
    const ours = unwrap(
      await stack(openStorage(store), ...inOrder([layer(ring, { namespace: 'tenant-b' })])),
    )
    expect(await outcome(ours, 'one')).toBe(FORGED)
  }
})

it('row 13: a header without layers, or with others, is refused, and nothing is changed', async () => {
  const all: readonly (readonly Layer[])[] = [
    [],
    [hmac(ring)],
    [encrypt(ring)],
    [compress(), encrypt(ring)],
    [compress({ format: 'deflate' }), encrypt(ring)],
    [{ ...hmac(ring), version: 2 }],
  ]
  for (const made of all) {
    for (const asked of all) {
      const store = new MemoryBlobStore()
      const storage = made.length === 0 ? openStorage(store) : await open(store, made)
      unwrap(await storage.save('one', { a: 1 }))
      const before = await snapshot(store)
      const opened =
        asked.length === 0
          ? ok(openStorage(store))
          : await stack(openStorage(store), ...inOrder(asked))
      const codes = opened.ok ? await everyCall(opened.value) : [opened.error.code]
      if (made === asked) continue
      expect(new Set(codes)).toEqual(new Set(['STACK_MISMATCH']))
      expect(await snapshot(store)).toEqual(before)
    }
  }
})

/** What each call comes to. */
async function everyCall(storage: TypedStorage): Promise<string[]> {
  const results = [
    await storage.loadCheckpoint('one'),
    await storage.createCheckpoint('new'),
    await storage.save('one', { a: 2 }, REPLACE),
    await storage.removeCheckpoint('one'),
    await storage.gc(),
    await storage.verify(),
  ]
  const codes: string[] = results.map((result) => (result.ok ? 'ok' : result.error.code))
  for (const listed of [storage.checkpointIdentifiers(), storage.generations('one')]) {
    try {
      for await (const one of listed) codes.push(`listed ${typeof one}`)
    } catch (error) {
      codes.push(isTidemarkError(error) ? error.code : 'thrown')
    }
  }
  return codes
}

it('row 13: a storage without layers never takes what layers wrote for values', async () => {
  const { store } = await scene(SEALED)
  const plain = openStorage(store)
  unwrap(await store.delete('storage.json'))
  const loaded = await plain.loadCheckpoint('one')
  expect(loaded.ok ? 'ok' : loaded.error.code).toBe('STACK_MISMATCH')
})

it('row 9: a removal forged on the medium is at least a rollback for who knows better', async () => {
  const { store, reopen } = await scene(SEALED)
  await giveFrame(store, 'log/n-one.r3', 3, new Uint8Array())
  const storage = await reopen()
  expect(await outcome(storage, 'one')).toBe('CHECKPOINT_NOT_FOUND')
  const loaded = await storage.loadCheckpoint('one', { minGeneration: 2 })
  expect(loaded.ok ? 'ok' : loaded.error.code).toBe('ROLLBACK_DETECTED')
})
