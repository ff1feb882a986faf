import type { ContractCase } from '@tidemark/core/testing'
import type { Layer } from '../layer.ts'
import { sealCases } from './seal-cases.ts'
import { streamCases } from './stream-cases.ts'

/** The layer under test. */
export interface LayerSubject {
  /** The layer, as each process would make it. */
  readonly layer: () => Layer
}

/** A case before it is bound to a subject. */
export interface LayerCase {
  readonly name: string
  readonly run: (layer: Layer) => Promise<void>
}

/**
 * What a layer promises, one case for each promise. A storage with it is proven by
 * `storageContract` of `@tidemark/core/testing`, on `stack(openStorage(store, options), layer)`.
 *
 * @example
 * import { compress } from '@tidemark/wrappers'
 * import { layerContract } from '@tidemark/wrappers/testing'
 *
 * for (const { run } of layerContract({ layer: () => compress() })) await run()
 */
export function layerContract({ layer }: LayerSubject): ContractCase[] {
  const cases: readonly LayerCase[] = [...streamCases, ...sealCases]
  return cases.map(({ name, run }) => ({ name, needs: [], run: () => run(layer()) }))
}
