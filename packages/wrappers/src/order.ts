import type { Layer, LayerKind } from './layer.ts'

/** What may still follow a layer, from the value to the medium. */
interface Following {
  readonly compress: 'encrypt' | 'checksum' | 'seal'
  readonly encrypt: 'checksum' | 'seal'
  readonly checksum: 'seal'
  readonly seal: never
}

const ORDER: readonly LayerKind[] = ['compress', 'encrypt', 'checksum', 'seal']

/** Ids are recorded, and shown in errors. */
const ID = /^[a-z0-9][a-z0-9.-]{0,63}$/

/** A list of layers that is in order: a layer where it may not stand becomes `never`. */
export type InOrder<
  Layers extends readonly Layer[],
  May extends LayerKind = LayerKind,
> = Layers extends readonly [infer First extends Layer, ...infer Rest extends readonly Layer[]]
  ? readonly [
      First['kind'] extends May ? First : never,
      ...InOrder<Rest, May & Following[First['kind']]>,
    ]
  : Layers

/** The same at run time, for plain JavaScript. Throws a `TypeError` that says what is wrong. */
export function checkOrder(layers: readonly Layer[]): void {
  let last = -1
  for (const { kind, id, version } of layers) {
    const rank = ORDER.indexOf(kind)
    if (rank < 0) throw new TypeError(`a layer has one of the kinds ${ORDER.join(', ')}`)
    if (!ID.test(id)) throw new TypeError('the id of a layer is 1 to 64 of a-z, 0-9, dot and dash')
    if (!Number.isSafeInteger(version)) throw new TypeError('the version of a layer is a number')
    if (rank <= last) {
      const before = ORDER[last]
      const why = rank === last ? `only one ${kind} layer` : `${kind} comes before ${before}`
      throw new TypeError(`layers are listed from value to medium: ${why}`)
    }
    last = rank
  }
}
