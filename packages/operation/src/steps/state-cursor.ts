import { coreError, unwrap, type CoreError } from '@tidemark/core'
import { MAX_NAME_BYTES, textError } from '../log/operation-key.ts'
import type { StateEntry } from '../record/record.ts'
import { decodePlain, encodeValue } from '../value/encode-value.ts'
import type { StateCursor, StateOptions } from './run-context.ts'
import type { StepRun } from './run-step.ts'

/** States are held in memory and repeated in every fold: for tokens and offsets, not for data. */
const MAX_STATE_BYTES = 64 * 1024

/** A cursor by its name; see `RunContext.state`. */
export function openState<T>(
  run: StepRun,
  name: string,
  { everyMs = 1000, schema }: StateOptions<T>,
): StateCursor<T> {
  const refused = textError('name', name, MAX_NAME_BYTES)
  if (refused !== undefined) throw refused
  if (!(everyMs >= 0)) throw senseless()
  const slot = `state ${name}`
  let saved = run.ledger.state(name)
  return {
    get value() {
      if (saved === undefined) return undefined
      const value = unwrap(decodePlain(saved, `the state ${JSON.stringify(name)}`))
      const outcome = schema?.['~standard'].validate(value)
      if (outcome instanceof Promise) throw asyncSchema()
      if (outcome?.issues !== undefined) throw unfit(run.name, name, outcome.issues[0]?.message)
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without a schema, T is the word of the caller
      return outcome === undefined ? (value as T) : outcome.value
    },
    save: (value) => {
      const encoded = unwrap(encodeValue(value, undefined))
      const { length } = encoded.body
      if (length > MAX_STATE_BYTES) throw tooLarge(length)
      const entry: StateEntry = { kind: 'state', name, ...encoded }
      saved = entry
      run.running.throwIfOver()
      run.writer.offer(slot, entry, everyMs)
    },
    flush: async () => {
      const entry = run.writer.withdraw(slot)
      // Nothing waits: what was saved is written, or on its way; what comes now is after it.
      if (entry === undefined) await run.writer.drain()
      else unwrap(await run.writer.add(entry))
    },
  }
}

function senseless(): CoreError<'INVALID_ARGUMENT'> {
  const details = { argument: 'everyMs', reason: 'it is a number of ms from 0' }
  return coreError('INVALID_ARGUMENT', `everyMs: ${details.reason}`, details)
}

function tooLarge(actual: number): CoreError<'LIMIT_EXCEEDED'> {
  const message = `a state is up to ${MAX_STATE_BYTES} bytes; record larger things as steps`
  const details = { limit: 'state', maximum: MAX_STATE_BYTES, actual }
  return coreError('LIMIT_EXCEEDED', message, details)
}

function unfit(identifier: string, key: string, message = ''): CoreError<'SCHEMA_MISMATCH'> {
  const issues = [{ message, path: '' }]
  const text = `the saved state does not fit its schema: ${message}`
  return coreError('SCHEMA_MISMATCH', text, { identifier, key, issues })
}

function asyncSchema(): TypeError {
  return new TypeError('the schema of a state must answer at once')
}
