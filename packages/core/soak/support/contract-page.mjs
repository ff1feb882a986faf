// The program of the page: the whole portable entry, and its contracts on the memory medium. The
// cases lie on the page, to be run one by one from outside, so that one that hangs can be named.
import * as core from '@tidemark/core'
import {
  blobStoreContract,
  commitLogContract,
  storageContract,
  unmetNeeds,
} from '@tidemark/core/testing'

const open = () => new core.MemoryBlobStore()
const { supports } = open()

/** SHA-256 of 'abc', from FIPS 180-4: the contracts only show that a digest agrees with itself. */
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'

/** What no contract asks for: other digest code than Node's, and what is opened without a store. */
const entryCases = [
  {
    name: 'its SHA-256 is that of the standard, whole and in pieces',
    needs: [],
    run: async () => {
      const bytes = new TextEncoder().encode('abc')
      if (core.toHex(core.sha256(bytes)) !== ABC) throw new Error('another digest')
      const stream = core.sha256Stream()
      for (const byte of bytes) stream.update(new Uint8Array([byte]))
      if (core.toHex(stream.digest()) !== ABC) throw new Error('another digest in pieces')
    },
  },
  {
    name: 'MemoryStorage gives back what was saved, generation by generation',
    needs: [],
    run: async () => {
      const storage = new core.MemoryStorage()
      const body = new Uint8Array(200_000).map((_, i) => i % 251)
      for (const n of [1, 2]) {
        const saved = await storage.save('a', { n, body }, { ifExists: 'replace' })
        if (core.unwrap(saved).generation !== n) throw new Error(`save ${n}: another generation`)
      }
      const loaded = core.unwrap(await storage.loadCheckpoint('a'))
      if (core.unwrap(await loaded.get('n')) !== 2) throw new Error('not the newest generation')
      const again = core.unwrap(await loaded.getBytes('body'))
      if (core.toHex(again) !== core.toHex(body)) throw new Error('other bytes')
      await loaded.close()
      await storage.close()
    },
  },
  {
    name: 'a lease that was taken over is FENCED',
    needs: [],
    run: async () => {
      const store = open()
      const first = core.unwrap(await core.acquireLease(store, 'log/a.'))
      const second = core.unwrap(await core.acquireLease(store, 'log/a.', { takeover: 'always' }))
      const late = await first.append(new Uint8Array([1]))
      if (late.ok || late.error.code !== 'FENCED') throw new Error('the displaced owner appended')
      core.unwrap(await second.append(new Uint8Array([2])))
      await second.close()
      await first.close()
      await store.close()
    },
  },
]

const suites = {
  blobs: blobStoreContract({ open }),
  log: commitLogContract({ open }),
  storage: storageContract({ open }),
  entry: entryCases,
}

// Everything that the entry exports stays reachable: a bundler may leave nothing of it out.
globalThis.tidemark = core
globalThis.contractCases = Object.entries(suites).flatMap(([suite, cases]) =>
  cases.map(({ name, needs, run }) => ({
    name: `${suite}: ${name}`,
    unmet: unmetNeeds(needs, supports),
    run,
  })),
)
