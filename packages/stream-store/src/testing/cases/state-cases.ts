import { externalState, inlineState } from '../../manifest/operator-checkpoint.ts'
import { bytes, check, fails, manifest, same, succeeds } from '../check.ts'
import type { StoreCase } from '../subject.ts'

/** Binary state beside a manifest. */
export const stateCases: readonly StoreCase[] = [
  {
    name: 'state may come before its manifest, and is no checkpoint until then',
    run: async (store) => {
      await succeeds(store.saveStateData(1n, [bytes('a'), bytes('bc')]), 'state')
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'state')
      same(await succeeds(store.loadLatest(), 'latest'), undefined, 'latest')
      same(await succeeds(store.list(), 'list'), [], 'list')
      await succeeds(store.save(manifest(1)), 'save')
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'state')
      same(await succeeds(store.listIds(), 'ids'), [1n], 'ids')
    },
  },
  {
    name: 'state may come after its manifest',
    run: async (store) => {
      await succeeds(store.save(manifest(1)), 'save')
      await succeeds(store.saveStateData(1n, [bytes('abc')]), 'state')
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'state')
    },
  },
  {
    name: 'the same state twice is fine; other state under the id is refused',
    run: async (store) => {
      await succeeds(store.saveStateData(1n, [bytes('abc')]), 'state')
      await succeeds(store.saveStateData(1n, [bytes('ab'), bytes('c')]), 'again')
      await fails(store.saveStateData(1n, [bytes('abd')]), 'CONFLICT', 'another')
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'the first')
    },
  },
  {
    name: 'state that came first is not replaced by other state that comes with the manifest',
    run: async (store) => {
      await succeeds(store.saveStateData(1n, [bytes('abc')]), 'state')
      await fails(store.saveWithState(manifest(1), [bytes('xyz')]), 'CONFLICT', 'other state')
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'the first')
      same(await succeeds(store.listIds(), 'ids').then((ids) => ids.length <= 1), true, 'ids')
      await succeeds(store.saveWithState(manifest(1), [bytes('a'), bytes('bc')]), 'same state')
      same((await succeeds(store.validateCheckpoint(1n), 'validate')).valid, true, 'valid')
    },
  },
  {
    name: 'no chunks is no state; an empty list and an empty chunk are empty state',
    run: async (store) => {
      const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
      await succeeds(store.saveWithState(manifest(1)), 'none')
      await succeeds(store.saveWithState(manifest(2), []), 'empty list')
      await succeeds(store.saveWithState(manifest(3), [new Uint8Array()]), 'empty chunk')
      same(await succeeds(store.loadStateData(1n), 'load'), undefined, 'none')
      for (const id of [2n, 3n]) {
        same(await succeeds(store.loadStateData(id), 'load'), new Uint8Array(), 'empty')
        same((await succeeds(store.loadById(id), 'load'))?.stateChecksum, empty, 'checksum')
      }
    },
  },
  {
    name: 'the checksum does not depend on how state is cut',
    run: async (store) => {
      const state = new Uint8Array(200_000).map((_, i) => i % 251)
      const cuts = [1, 4_000, 70_000, 200_000]
      for (const [index, size] of cuts.entries()) {
        const chunks: Uint8Array[] = []
        for (let at = 0; at < state.length; at += size) chunks.push(state.subarray(at, at + size))
        await succeeds(store.saveWithState(manifest(index + 1), chunks), `cut ${size}`)
      }
      const ids = await succeeds(store.listIds(), 'ids')
      const found = new Set<string | undefined>()
      for (const id of ids) {
        found.add((await succeeds(store.loadById(id), 'load'))?.stateChecksum)
        same(await succeeds(store.loadStateData(id), 'state'), state, 'state')
        check((await succeeds(store.validateCheckpoint(id), 'validate')).valid, `${id} is valid`)
      }
      same(found.size, 1, 'one checksum')
    },
  },
  {
    name: 'inline state is stamped, alone, with state beside it, and with external operators',
    run: async (store) => {
      const inline = {
        'window-agg': inlineState(bytes('state-data')),
        filter: inlineState(bytes('filter-state')),
      }
      await succeeds(store.saveWithState(manifest(1, { operatorStates: inline })), 'inline')
      const beside = manifest(2, { operatorStates: inline })
      await succeeds(store.saveWithState(beside, [bytes('blob')]), 'beside')
      const large = new Uint8Array(200).fill(0xbb)
      const mixed = {
        small: inlineState(new Uint8Array(50).fill(0xaa)),
        large: externalState(0n, 200n),
      }
      await succeeds(store.saveWithState(manifest(3, { operatorStates: mixed }), [large]), 'mixed')
      const expected = [
        '4335b203cc36d19e1125e1d8027f7e3b18377eb7fbb3439e712ce6fc33a1c9e9',
        'a3c01f7d419f92bf19f947063fc44c39e2f0ca9a964d2cea30ff2f58b5d576dd',
        '54b4e2f45cdb2f635b44fd03f7226a841b3da889b9b78ad7c79727b4cb226d08',
      ]
      for (const [index, checksum] of expected.entries()) {
        const id = BigInt(index + 1)
        same(
          (await succeeds(store.loadById(id), 'load'))?.stateChecksum,
          checksum,
          `checksum ${id}`,
        )
        const { valid, issues } = await succeeds(store.validateCheckpoint(id), 'validate')
        same([valid, issues.length], [true, 0], `checkpoint ${id}`)
      }
    },
  },
  {
    name: 'a mixed checksum by the older rule is accepted, and named',
    run: async (store) => {
      const operators = {
        small: inlineState(new Uint8Array(50).fill(0xaa)),
        large: externalState(0n, 200n),
      }
      const stateChecksum = 'd1a53106685130ccbf2c6426529f263030d39456f8b9dadd6a36872b70d513b5'
      await succeeds(store.saveStateData(1n, [new Uint8Array(200).fill(0xbb)]), 'state')
      await succeeds(store.save(manifest(1, { operatorStates: operators, stateChecksum })), 'save')
      const { valid, checksumRule } = await succeeds(store.validateCheckpoint(1n), 'validate')
      check(valid, 'valid')
      check(checksumRule === 'seed' || checksumRule === 'state', `rule ${checksumRule}`)
    },
  },
  {
    name: 'a range past the end of state is fatal, an overlap a warning',
    run: async (store) => {
      const past = { a: externalState(0n, 4n), b: externalState(2n ** 64n - 1n, 1n) }
      await succeeds(
        store.saveWithState(manifest(1, { operatorStates: past }), [bytes('abc')]),
        '1',
      )
      const overlap = { a: externalState(0n, 2n), b: externalState(1n, 2n) }
      await succeeds(
        store.saveWithState(manifest(2, { operatorStates: overlap }), [bytes('abc')]),
        '2',
      )
      same((await succeeds(store.validateCheckpoint(1n), 'validate')).valid, false, 'past the end')
      const overlapping = await succeeds(store.validateCheckpoint(2n), 'validate')
      same(
        [overlapping.valid, overlapping.issues.map(({ severity }) => severity)],
        [true, ['warning']],
        'overlap',
      )
    },
  },
  {
    name: 'chunks are not changed, and may be changed after the save',
    run: async (store) => {
      const chunk = bytes('abc')
      await succeeds(store.saveWithState(manifest(1), [chunk]), 'save')
      same(chunk, bytes('abc'), 'chunk')
      chunk.fill(0)
      same(await succeeds(store.loadStateData(1n), 'load'), bytes('abc'), 'state')
    },
  },
]
