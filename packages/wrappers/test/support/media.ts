import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, openStorage, unwrap, type CheckpointStorage } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import type { StorageSubject } from '@tidemark/core/testing'
import { afterAll } from 'vitest'
import { keyRing, stack, type KeyRing, type Layer } from '../../src/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tidemark-wrappers-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** A new directory that is gone after the tests. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(root, 'd-'))
}

/** A key whose secret is one byte, again and again. */
export function key(id: string, byte: number): { id: string; secret: Uint8Array } {
  return { id, secret: new Uint8Array(32).fill(byte) }
}

/** A ring with one key. */
export function ringOf(id = 'k1', byte = 1): KeyRing {
  return unwrap(keyRing({ active: key(id, byte) }))
}

/** Layers in an order that only these tests know: the compiler cannot check it here. */
export type Layers = () => readonly Layer[]

export const memory: StorageSubject = { open: () => new MemoryBlobStore() }

export const files: StorageSubject = {
  open: async () => unwrap(await FileBlobStore.open(temporaryDirectory())),
}

/** The same medium with layers over it. */
export function layered(subject: StorageSubject, layers: Layers): StorageSubject {
  return {
    ...subject,
    openStorage: async (store, options): Promise<CheckpointStorage> =>
      unwrap(await stack(openStorage(store, options), ...inOrder(layers()))),
  }
}

/** A list whose length is not known until it runs: its order is checked when it does. */
export function inOrder(layers: readonly Layer[]): readonly Layer[] & [] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return layers as readonly Layer[] & []
}
