import { err, ok, type Result } from '@tidemark/core'
import { openFailed, type InitError } from './errors.ts'
import type { StoreInfo } from './log-persistence.ts'

/**
 * How a store may come into being. An empty store trusts every log anew, so a typo in a path must
 * not make one: in production say `create: 'never'`, and pin the `instanceId` beside the key.
 */
export interface StoreLife {
  /**
   * `'if-missing'` (default) creates a store where there is none. `'never'` refuses instead and
   * changes nothing. `'always'` creates one and refuses where there is one already.
   */
  readonly create?: 'if-missing' | 'never' | 'always'
  /** Refuse any other store than this one: what `init` gave when it was created. */
  readonly instanceId?: string
}

/** Whether a store may be created where there is none. */
export function mayCreate(life: StoreLife): Result<void, InitError> {
  if (life.create === 'never') {
    return err(openFailed('store', 'there is none here, and it may not be created'))
  }
  if (life.instanceId === undefined) return ok()
  return err(openFailed('store', 'there is none here, but one is expected'))
}

/** Whether the store that was found or made is one that may be used. */
export function judgeStore(info: StoreInfo, life: StoreLife): Result<StoreInfo, InitError> {
  if (life.create === 'always' && !info.created) {
    return err(openFailed('store', 'there is one here already'))
  }
  if (life.instanceId !== undefined && life.instanceId !== info.instanceId) {
    return err(openFailed('store', 'it is another one than expected'))
  }
  return ok(info)
}
