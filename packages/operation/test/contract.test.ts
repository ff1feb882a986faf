import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryBlobStore, unwrap } from '@tidemark/core'
import { FileBlobStore } from '@tidemark/core/file'
import { afterAll, describe, it } from 'vitest'
import { operationContract } from '../src/testing/index.ts'

const root = mkdtempSync(join(tmpdir(), 'tidemark-operation-'))
let directories = 0

const media = {
  memory: async () => new MemoryBlobStore(),
  file: async () => unwrap(await FileBlobStore.open(join(root, String((directories += 1))))),
}

afterAll(() => rmSync(root, { recursive: true }))

for (const [medium, open] of Object.entries(media)) {
  describe(`operations on ${medium}`, () => {
    for (const { name, run } of operationContract({ open })) it(name, run)
  })
}
