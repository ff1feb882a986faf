import { Buffer as NodeBuffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import {
  coreError,
  isTidemarkError,
  MediumBlobStore,
  unwrap,
  type Medium,
  type MediumBlob,
  type MediumFacts,
} from '../src/index.ts'
import { blobStoreContract, commitLogContract, storageContract } from '../src/testing/index.ts'
import { runContract } from './support/media.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The least that is a medium: slow to answer, and shared with what is no blob. */
class BareMedium implements Medium {
  readonly supports = { durable: 'none', crossProcess: false, maxKeyBytes: 300 } as const
  readonly maxBlobBytes = 64 * 2 ** 20
  readonly calls: string[] = []
  readonly #blobs = new Map<string, MediumBlob>([['Not Ours', blobOf(bytes('x'), 0)]])
  #writes = 0

  async read(key: string, { start, end }: { start: number; end: number }) {
    await this.#called('read')
    const found = this.#blobs.get(key)
    return found === undefined ? undefined : { ...found, bytes: found.bytes.slice(start, end) }
  }

  async create(key: string, body: Uint8Array): Promise<string | undefined> {
    await this.#called('create')
    return this.#blobs.has(key) ? undefined : this.#write(key, body)
  }

  async replace(key: string, body: Uint8Array): Promise<string> {
    await this.#called('replace')
    return this.#write(key, body)
  }

  async *list(prefix: string, after: string): AsyncIterable<MediumFacts & { key: string }> {
    await this.#called('list')
    for (const key of [...this.#blobs.keys()].sort()) {
      const found = this.#blobs.get(key)
      const isWanted = key.startsWith(prefix) && key > after
      if (found !== undefined && isWanted) yield { key, ...found }
    }
  }

  async remove(key: string): Promise<void> {
    await this.#called('remove')
    this.#blobs.delete(key)
  }

  close(): void {
    this.calls.push('close')
  }

  async #called(name: string): Promise<void> {
    this.calls.push(name)
    await new Promise((resolve) => setImmediate(resolve))
  }

  #write(key: string, body: Uint8Array): string {
    const blob = blobOf(body, ++this.#writes)
    this.#blobs.set(key, blob)
    return blob.version
  }
}

function blobOf(body: Uint8Array, write: number): MediumBlob {
  return { bytes: body, sizeBytes: body.length, version: `w${write}` }
}

const open = (): MediumBlobStore => new MediumBlobStore(new BareMedium())
const { supports } = open()
runContract('five calls as a BlobStore', blobStoreContract({ open }), supports)
runContract('a commit log on them', commitLogContract({ open, manyRecords: 1200 }), supports)
runContract('a storage on them', storageContract({ open }), supports)

describe('a store over a medium', () => {
  it('asks nothing of it when a key, a range, a signal or a closed store says no', async () => {
    const medium = new BareMedium()
    const store = new MediumBlobStore(medium)
    const signal = AbortSignal.abort()
    const body = bytes('x')
    const results = [
      await store.put('Bad', body),
      await store.get('../bad'),
      await store.get('a', { range: { start: 2, end: 1 } }),
      await store.put('k'.repeat(150) + '/' + 'k'.repeat(150), body),
      await store.put('a', body, { signal }),
      await store.head('a', { signal }),
      await store.delete('a', { signal }),
    ]
    await store.close()
    await store.close()
    results.push(await store.get('a'), await store.delete([]))
    expect(results.map((result) => (result.ok ? 'ok' : result.error.code))).toEqual([
      ...Array<string>(4).fill('INVALID_ARGUMENT'),
      ...Array<string>(3).fill('ABORTED'),
      'CLOSED',
      'ok',
    ])
    expect(medium.calls).toEqual(['close'])
  })

  it('collects a stream up to the limit of the medium, and stops its source there', async () => {
    const medium = new BareMedium()
    const store = new MediumBlobStore(Object.assign(medium, { maxBlobBytes: 10 }))
    let given = 0
    async function* endless(): AsyncIterable<Uint8Array> {
      for (;;) {
        given += 1
        yield bytes('1234')
      }
    }
    for (const body of [endless(), bytes('12345678901')]) {
      const put = await store.put('a', body)
      expect(put.ok ? 'ok' : put.error.code).toBe('LIMIT_EXCEEDED')
    }
    expect(given).toBe(3)
    expect(medium.calls).toEqual([])
    expect(unwrap(await store.put('a', bytes('1234567890'))).sizeBytes).toBe(10)
  })

  it('gives no version to a medium that cannot compare', async () => {
    const store = open()
    const { version } = unwrap(await store.put('a', bytes('1')))
    const put = await store.put('a', bytes('2'), { if: version })
    expect(put.ok ? 'ok' : put.error.code).toBe('UNSUPPORTED')
  })

  it('keeps its own copy of a body from the moment it is given', async () => {
    const store = open()
    const body = bytes('as it was')
    const put = store.put('a', body)
    body.fill(0)
    unwrap(await put)
    const found = unwrap(await store.get('a'))
    expect(found === undefined ? '' : unwrap(await found.bytes())).toEqual(bytes('as it was'))
  })
})

describe('buffers, whose slices are no copies', () => {
  it('are copied on their way in, and on their way out', async () => {
    const held: Uint8Array[] = []
    const base = new BareMedium()
    const store = new MediumBlobStore({
      supports: base.supports,
      create: (_, body) => (held.push(body), '1'),
      replace: (_, body) => (held.push(body), '1'),
      read: () => ({ bytes: NodeBuffer.from(held[0] ?? []), sizeBytes: 3, version: '1' }),
      list: () => [],
      remove: () => undefined,
    })
    const body = NodeBuffer.from('abc')
    unwrap(await store.put('a', body))
    body.fill(0)
    async function* reusing(): AsyncIterable<Uint8Array> {
      const buffer = NodeBuffer.from('abc')
      yield buffer
      buffer.fill(0)
    }
    unwrap(await store.put('b', reusing()))
    expect(held).toEqual([bytes('abc'), bytes('abc')])
    const found = unwrap(await store.get('a'))
    if (found === undefined) throw new Error('it is not there')
    unwrap(await found.bytes()).fill(0)
    for await (const piece of found.stream()) piece.fill(0)
    expect(unwrap(await found.bytes())).toEqual(bytes('abc'))
    expect(Object.getPrototypeOf(unwrap(await found.bytes()))).toBe(Uint8Array.prototype)
  })
})

describe('what a medium throws', () => {
  const cause = new Error('the wire broke')
  const throwing = (thrown: unknown): Medium => {
    const fail = (): never => {
      throw thrown
    }
    const never = { create: fail, replace: fail, read: fail, list: fail, remove: fail }
    return { supports: { durable: 'none', crossProcess: false }, ...never }
  }
  const codesOf = async (thrown: unknown, signal?: AbortSignal): Promise<unknown[]> => {
    const store = new MediumBlobStore(throwing(thrown))
    const options = signal === undefined ? {} : { signal }
    const errors: unknown[] = []
    for (const result of [
      await store.put('a', bytes('x'), { if: 'absent', ...options }),
      await store.put('a', bytes('x'), options),
      await store.get('a', options),
      await store.head('a', options),
    ]) {
      errors.push(result.ok ? 'ok' : result.error)
    }
    const { deleted, failed } = unwrap(await store.delete(['a', 'b'], options))
    expect([deleted, failed.map(({ key }) => key)]).toEqual([0, ['a', 'b']])
    errors.push(...failed.map(({ error }) => error))
    await (async () => {
      for await (const info of store.list(options)) errors.push(info)
    })().catch((error: unknown) => errors.push(error))
    return errors.map((error) => (isTidemarkError(error) ? error.code : error))
  }

  it('leaves the outcome of a write unknown, and fails everything else', async () => {
    const codes = await codesOf(cause)
    expect(codes).toEqual([
      'OUTCOME_UNKNOWN',
      'OUTCOME_UNKNOWN',
      ...Array<string>(5).fill('IO_FAILED'),
    ])
    const put = await new MediumBlobStore(throwing(cause)).put('a', bytes('x'))
    expect(put.ok ? undefined : put.error.cause).toBe(cause)
  })

  it('is passed on when it is an error that the call may give', async () => {
    const full = coreError('NO_SPACE', 'full', { operation: 'put' })
    expect(await codesOf(full)).toEqual(Array<string>(7).fill('NO_SPACE'))
  })

  it('is not passed on when it is one that nobody expects there', async () => {
    const odd = coreError('CHECKPOINT_NOT_FOUND', 'odd', { identifier: 'x' })
    expect(await codesOf(odd)).toEqual(await codesOf(cause))
  })

  it('counts as aborted when the signal has fired meanwhile; a write may have happened', async () => {
    const controller = new AbortController()
    const medium = throwing(cause)
    const store = new MediumBlobStore({
      ...medium,
      create: () => {
        controller.abort()
        throw cause
      },
    })
    const { signal } = controller
    const put = await store.put('a', bytes('x'), { if: 'absent', signal })
    expect(put.ok ? undefined : put.error.toJSON()).toMatchObject({
      code: 'ABORTED',
      details: { committed: 'unknown' },
    })
  })
})
