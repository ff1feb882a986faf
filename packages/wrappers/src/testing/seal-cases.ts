import type { JsonObject } from '@tidemark/core'
import { ContractFailure } from '@tidemark/core/testing'
import type { Layer, SealedEntry, SealedFacts } from '../layer.ts'
import type { LayerCase } from './layer-contract.ts'

const ENTRY: SealedEntry = {
  key: 'x',
  codec: 'json',
  sizeBytes: 2,
  digests: new Uint8Array(32).fill(1),
  salt: new Uint8Array(32).fill(2),
}

const FACTS: SealedFacts = {
  identifier: 'contract',
  generation: 3,
  committedAtMs: 1_700_000_000_000,
  born: 2,
  previous: '01'.repeat(32),
  place: '02'.repeat(16),
  metadata: { by: 'test' },
  layers: [{ id: 'one', version: 1 }],
  entries: [ENTRY, { ...ENTRY, key: 'y' }],
}

/** One changed fact each: a seal covers them all. */
const CHANGES: Readonly<Record<string, Partial<SealedFacts>>> = {
  'another identifier': { identifier: 'contracT' },
  'another generation': { generation: 4 },
  'another time': { committedAtMs: 1_700_000_000_001 },
  'another beginning': { born: 1 },
  'another predecessor': { previous: '03'.repeat(32) },
  'no predecessor': { previous: undefined },
  'another place': { place: '03'.repeat(16) },
  'other metadata': { metadata: {} },
  'another stack': { layers: [{ id: 'one', version: 2 }] },
  'an entry less': { entries: [ENTRY] },
  'an entry more': { entries: [ENTRY, { ...ENTRY, key: 'y' }, { ...ENTRY, key: 'z' }] },
  'another order': { entries: [{ ...ENTRY, key: 'y' }, ENTRY] },
  'another key': { entries: [ENTRY, { ...ENTRY, key: 'z' }] },
  'another codec': { entries: [ENTRY, { ...ENTRY, key: 'y', codec: 'text' }] },
  'another length': { entries: [ENTRY, { ...ENTRY, key: 'y', sizeBytes: 3 }] },
  'other digests': { entries: [ENTRY, { ...ENTRY, key: 'y', digests: new Uint8Array(32) }] },
  'another salt': { entries: [ENTRY, { ...ENTRY, key: 'y', salt: new Uint8Array(32) }] },
  'bytes moved between fields': {
    entries: [ENTRY, { ...ENTRY, key: 'yj', codec: 'son' }],
  },
}

/** Layers that seal: a layer that does not has nothing to show here. */
export const sealCases: readonly LayerCase[] = [
  {
    name: 'verifies what it sealed, and nothing that differs in any fact',
    run: async (layer) => {
      const seal = layer.seal?.(FACTS)
      if (seal === undefined) return
      check(verifies(layer, FACTS, stored(seal)), 'its own seal was refused')
      for (const [what, change] of Object.entries(CHANGES)) {
        check(!verifies(layer, { ...FACTS, ...change }, seal), `${what} was accepted`)
      }
    },
  },
  {
    name: 'refuses a seal that is missing, cut or of another shape',
    run: async (layer) => {
      const seal = layer.seal?.(FACTS)
      if (seal === undefined) return
      check(!verifies(layer, FACTS, {}), 'no seal was accepted')
      for (const [name, value] of Object.entries(seal)) {
        const text = typeof value === 'string' ? value : ''
        const others = [
          null,
          0,
          true,
          [],
          {},
          '',
          text.slice(0, -2),
          text.slice(0, -1),
          `${text}00`,
        ]
        for (const other of others) {
          const isRefused = !verifies(layer, FACTS, { ...seal, [name]: other })
          check(isRefused, `${name}: ${JSON.stringify(other)} was accepted`)
        }
      }
    },
  },
]

function verifies(layer: Layer, facts: SealedFacts, seal: JsonObject): boolean {
  const verified = layer.verify?.(facts, seal)
  if (verified === undefined) throw new ContractFailure('it seals and does not verify')
  return verified.ok
}

/** As it comes back from a medium. */
function stored(seal: JsonObject): JsonObject {
  return structuredClone(seal)
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new ContractFailure(message)
}
