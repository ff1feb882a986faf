import {
  cannotBeLayered,
  coreError,
  err,
  ok,
  TypedStorage,
  type AsyncResult,
  type ByteStorage,
  type CoreError,
  type Result,
  type StackError,
} from '@tidemark/core'
import type { Layer } from './layer.ts'
import { checkOrder, type InOrder } from './order.ts'
import { SealedIndex } from './sealed-index/sealed-index.ts'
import { LayeredStorage } from './stack/layered-storage.ts'
import { Pipeline } from './stack/pipeline.ts'

/** What can be layered: a storage, a `ByteStorage` of your own, or what opening one gave. */
export type Stackable<E> = TypedStorage | ByteStorage | Result<TypedStorage | ByteStorage, E>

/**
 * Puts layers over a storage, listed from the value to the medium.
 *
 * The order is checked by the compiler, and at run time (`TypeError`). The stack is recorded with
 * the data: opening with another is `STACK_MISMATCH`, also without any, and changes nothing. The
 * storage is taken over: closing the stack closes it, and a stack that cannot be opened has.
 *
 * `UNSUPPORTED` when the runtime lacks what a layer needs, or the storage cannot be layered.
 *
 * @example
 * import { MemoryStorage, randomBytes, unwrap } from '@tidemark/core'
 * import { compress, encrypt, hmac, keyRing, stack } from '@tidemark/wrappers'
 *
 * const ring = unwrap(keyRing({ active: { id: '2026', secret: randomBytes(32) } }))
 * const storage = unwrap(await stack(new MemoryStorage(), compress(), encrypt(ring), hmac(ring)))
 * unwrap(await storage.save('settings', { theme: 'dark' }))
 * const settings = unwrap(await storage.loadCheckpoint('settings'))
 * unwrap(await settings.get('theme')) // => 'dark'
 */
export async function stack<const Layers extends readonly Layer[], E = never>(
  storage: Stackable<E>,
  ...layers: Layers & InOrder<Layers>
): AsyncResult<TypedStorage, E | StackError> {
  checkOrder(layers)
  const given = 'ok' in storage ? storage : ok(storage)
  if (!given.ok) return given
  const lacking = layers.find(({ lacks }) => lacks !== undefined)
  const stacked =
    lacking === undefined ? await put(given.value, layers) : err(missing(lacking.lacks ?? ''))
  if (!stacked.ok) await given.value.close()
  return stacked
}

function put(
  storage: TypedStorage | ByteStorage,
  layers: readonly Layer[],
): AsyncResult<TypedStorage, StackError> {
  const pipeline = new Pipeline(layers)
  const index = layers.some(({ isIndexed }) => isIndexed === true) ? new SealedIndex() : undefined
  const names = layers.map(({ id, version }) => ({ id, version }))
  const typed = 'over' in storage ? storage : new TypedStorage(storage)
  if (layers.length === 0) return Promise.resolve(ok(typed))
  return typed.over(async (bytes) => {
    const below = (await bytes.stacked?.(names)) ?? err(cannotBeLayered())
    if (!below.ok) return below
    const layered = new LayeredStorage(below.value, pipeline)
    return ok(index === undefined ? layered : index.over(layered))
  })
}

function missing(feature: string): CoreError<'UNSUPPORTED'> {
  const message = `this runtime has no ${feature}; choose another format`
  return coreError('UNSUPPORTED', message, { feature })
}
