import { coreError, err, ok, type AsyncResult, type CoreError } from '@tidemark/core'
import { nameError } from './log/operation-key.ts'
import { OperationLog } from './log/operation-log.ts'
import type { OpenOptions, ReadOptions } from './open-options.ts'
import type {
  OpenError,
  Operation,
  OperationReader,
  PayloadOptions,
  Retention,
} from './operation.ts'
import { acquireOperation, ownerError } from './owner/acquire-operation.ts'
import { compactError } from './owner/compact-error.ts'
import { OwnedOperation } from './owner/owned-operation.ts'
import { StoredOperation } from './owner/stored-operation.ts'
import type { PlainValue } from './value/encode-value.ts'
import { Payloads } from './value/payloads.ts'

/**
 * Opens an operation: new or existing, for writing (the default) or for reading only.
 *
 * For writing it takes the lease and holds it until `close`. After `ok` every earlier owner is
 * fenced. `LOCKED`: a live owner holds it. `CORRUPTED`: the record that everything stands on is
 * damaged; restore it, or open with `restart: true` to start over.
 *
 * @example
 * import { MemoryBlobStore, unwrap } from '@tidemark/core'
 * import { openOperation } from '@tidemark/operation'
 *
 * const store = new MemoryBlobStore()
 * const op = unwrap(await openOperation({ store, name: 'nightly' }))
 * unwrap(await op.checkpoint('-1-of-3', new Uint8Array([1])))
 * unwrap(await op.complete({ rows: 3 }))
 * unwrap(await op.status()).state // => 'completed'
 * await op.close()
 */
export async function openOperation<T = PlainValue>(
  options: ReadOptions<T>,
): AsyncResult<OperationReader<T>, CoreError<'INVALID_IDENTIFIER' | 'INVALID_ARGUMENT'>>
export async function openOperation<T = PlainValue>(
  options: OpenOptions<T>,
): AsyncResult<Operation<T>, OpenError>
export async function openOperation<T = PlainValue>(
  options: OpenOptions<T> | ReadOptions<T>,
): AsyncResult<Operation<T> | OperationReader<T>, OpenError> {
  return openWith(options, async () => undefined)
}

/** Opens an operation, and calls back when it is closed or was not opened. */
export async function openWith<T>(
  options: OpenOptions<T> | ReadOptions<T>,
  onClose: () => Promise<void>,
): AsyncResult<Operation<T> | OperationReader<T>, OpenError> {
  const { name, store } = options
  const refused = openRefusal(options)
  if (refused !== undefined) {
    await onClose()
    return err(refused)
  }
  const payloads = new Payloads(name, options)
  if (options.mode === 'read') {
    const log = new OperationLog(store, name)
    return ok(new StoredOperation(name, { log, payloads, onClose }))
  }
  const { retention } = options
  const acquired = await acquireOperation(options, options)
  if (acquired.ok)
    return ok(new OwnedOperation({ name, ...acquired.value, payloads, retention, onClose }))
  await onClose()
  return acquired
}

/** The error for options that make no sense, or `undefined`; looks at nothing else. */
export function openRefusal<T>(
  options: Omit<OpenOptions<T>, 'store'> | Omit<ReadOptions<T>, 'store'>,
): CoreError<'INVALID_IDENTIFIER' | 'INVALID_ARGUMENT'> | undefined {
  const refused = nameError(options.name) ?? payloadError(options)
  if (refused !== undefined || options.mode === 'read') return refused
  return retentionError(options.retention) ?? ownerError(options)
}

function payloadError({
  version = 1,
}: Pick<PayloadOptions<never>, 'version'>): CoreError<'INVALID_ARGUMENT'> | undefined {
  if (Number.isSafeInteger(version) && version >= 1) return undefined
  const details = { argument: 'version', reason: 'it is a whole number from 1' }
  return coreError('INVALID_ARGUMENT', `version: ${details.reason}`, details)
}

function retentionError(
  retention: Retention | undefined,
): CoreError<'INVALID_ARGUMENT'> | undefined {
  if (retention === undefined) return undefined
  const { everyCheckpoints } = retention
  if (!Number.isSafeInteger(everyCheckpoints) || everyCheckpoints < 2) {
    const details = { argument: 'everyCheckpoints', reason: 'it is a whole number from 2' }
    return coreError('INVALID_ARGUMENT', `everyCheckpoints: ${details.reason}`, details)
  }
  return compactError(retention)
}
