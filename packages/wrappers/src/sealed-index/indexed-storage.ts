import {
  coreError,
  err,
  ok,
  type AsyncResult,
  type ByteCheckpoint,
  type ByteDraft,
  type ByteStorage,
  type CallOptions,
  type CommitError,
  type CoreError,
  type CreateError,
  type CreateOptions,
  type GcError,
  type GcOptions,
  type GcReport,
  type GenerationInfo,
  type LoadError,
  type LoadOptions,
  type RemoveError,
} from '@tidemark/core'
import { INDEX_IDENTIFIER, type Listed } from './listing.ts'

/** Where commits and removals are listed. */
interface Index {
  change(identifier: string, listed: Listed | undefined): AsyncResult<void, LoadError | CommitError>
}

/** A storage whose commits and removals are listed in a sealed index. */
export class IndexedStorage implements ByteStorage {
  readonly #below: ByteStorage
  readonly #index: Index

  constructor(below: ByteStorage, index: Index) {
    this.#below = below
    this.#index = index
  }

  async create(identifier: string, options?: CreateOptions): AsyncResult<ByteDraft, CreateError> {
    if (identifier === INDEX_IDENTIFIER) return err(reserved())
    const draft = await this.#below.create(identifier, options)
    return draft.ok ? ok(this.#listing(draft.value)) : draft
  }

  load(identifier: string, options?: LoadOptions): AsyncResult<ByteCheckpoint, LoadError> {
    return this.#below.load(identifier, options)
  }

  /** Listed until it is gone: what a crash leaves between is told by `verifyStorage`. */
  async remove(identifier: string, options?: CallOptions): AsyncResult<void, RemoveError> {
    if (identifier === INDEX_IDENTIFIER) return err(reserved())
    const removed = await this.#below.remove(identifier, options)
    if (!removed.ok && removed.error.code !== 'CHECKPOINT_NOT_FOUND') return removed
    const listed = await this.#index.change(identifier, undefined)
    return listed.ok ? removed : err(unlisted('remove', listed.error))
  }

  async *identifiers(options?: CallOptions): AsyncIterable<string> {
    for await (const identifier of this.#below.identifiers(options)) {
      if (identifier !== INDEX_IDENTIFIER) yield identifier
    }
  }

  generations(identifier: string, options?: CallOptions): AsyncIterable<GenerationInfo> {
    return this.#below.generations(identifier, options)
  }

  gc(options?: GcOptions): AsyncResult<GcReport, GcError> {
    return this.#below.gc(options)
  }

  close(): Promise<void> {
    return this.#below.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #listing(draft: ByteDraft): ByteDraft {
    return {
      identifier: draft.identifier,
      entries: () => draft.entries(),
      entry: (key, options) => draft.entry(key, options),
      put: (key, body, codec, options) => draft.put(key, body, codec, options),
      fail: (key, error) => draft.fail(key, error),
      remove: (key) => draft.remove(key),
      abort: () => draft.abort(),
      commit: async (options) => {
        const committed = await draft.commit(options)
        if (!committed.ok) return committed
        const listed = await this.#index.change(draft.identifier, committed.value)
        if (listed.ok) return committed
        await committed.value.close()
        return err(unlisted('commit', listed.error))
      },
    }
  }
}

function reserved(): CoreError<'INVALID_ARGUMENT'> {
  const details = { argument: 'identifier', reason: 'it is the sealed index' }
  return coreError('INVALID_ARGUMENT', `${INDEX_IDENTIFIER} is kept by the stack itself`, details)
}

/** It took effect and is not on the list: whoever asked must look before going on. */
function unlisted(operation: string, cause: LoadError | CommitError): CoreError<'OUTCOME_UNKNOWN'> {
  const message = `the ${operation} took effect, but the sealed index does not say so; look, then repeat`
  return coreError('OUTCOME_UNKNOWN', message, { operation, reason: 'no-answer' }, cause)
}
