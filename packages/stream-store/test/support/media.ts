import { Buffer as NodeBuffer } from 'node:buffer'
import { coreError, err, MemoryBlobStore, type BlobStore } from '@tidemark/core'

/** What is done to a call of the medium, counted from 0: nothing, or one of the ways to fail. */
export type Fate = 'ok' | 'refused' | 'lost' | 'late'

/** A medium on which calls fail as told, and that counts what it was asked. */
export interface FaultyMedium extends BlobStore {
  readonly calls: { put: number; get: number; list: number; delete: number }
  /** Puts that were told to come late come now. */
  settleLate(): Promise<void>
}

const noAnswer = (key: string) =>
  coreError('OUTCOME_UNKNOWN', `put of ${key}: no answer`, {
    operation: 'put',
    key,
    reason: 'no-answer',
  })

/**
 * A medium whose puts, gets and deletes can fail before they take effect (`refused`), after
 * (`lost`: the answer does not come), or take effect only later (`late`).
 */
export function faultyMedium(
  inner: BlobStore = new MemoryBlobStore(),
  fateOf: (call: 'put' | 'get' | 'list' | 'delete', index: number) => Fate = () => 'ok',
): FaultyMedium {
  let index = 0
  const late: (() => Promise<unknown>)[] = []
  const calls = { put: 0, get: 0, list: 0, delete: 0 }
  const fate = (call: keyof typeof calls): Fate => {
    calls[call] += 1
    return fateOf(call, index++)
  }
  const refused = (operation: string, key: string) =>
    err(coreError('IO_FAILED', `${operation} of ${key} failed`, { operation, key }))
  return {
    supports: inner.supports,
    calls,
    settleLate: async () => {
      for (const put of late.splice(0)) await put()
    },
    put: async (key, body, options) => {
      const what = fate('put')
      if (what === 'refused') return refused('put', key)
      const pieces: Uint8Array[] = []
      if (body instanceof Uint8Array) pieces.push(body.slice())
      else for await (const piece of body) pieces.push(piece.slice())
      const put = async () =>
        inner.put(
          key,
          (async function* () {
            yield* pieces
          })(),
          options,
        )
      if (what === 'late') {
        late.push(put)
        return err(noAnswer(key))
      }
      const done = await put()
      return what === 'lost' && done.ok ? err(noAnswer(key)) : done
    },
    putMany: (blobs, options) => inner.putMany(blobs, options),
    get: async (key, options) =>
      fate('get') === 'ok' ? inner.get(key, options) : refused('get', key),
    head: async (key, options) =>
      fate('get') === 'ok' ? inner.head(key, options) : refused('head', key),
    list: (options) => {
      calls.list += 1
      return inner.list(options)
    },
    delete: async (keys, options) =>
      fate('delete') === 'ok' ? inner.delete(keys, options) : refused('delete', 'some'),
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  }
}

/** The keys on a medium that start with a prefix. */
export async function keysOf(medium: BlobStore, prefix = ''): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of medium.list({ prefix })) keys.push(key)
  return keys
}

/** 0 when two arrays hold the same bytes. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return NodeBuffer.compare(a, b)
}

/** What must be there. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there')
  return value
}
